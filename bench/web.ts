/** The bench of the chat page: see docs/benchmarks.md. */
import './web/main.ts';
