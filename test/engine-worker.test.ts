/** The real engine behind its port: a tiny model in real worker processes, in exact and in fast mode. */
import { runEngineConformance } from './kit/engine-conformance.ts';
import { openTinyEngine } from './kit/worker-engine.ts';

runEngineConformance('device workers, exact', () => openTinyEngine('exact'));
runEngineConformance('device workers, fast', () => openTinyEngine('fast'));
