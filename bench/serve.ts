/** The bench of serving: see docs/benchmarks.md. */
import './serve/main.ts';
