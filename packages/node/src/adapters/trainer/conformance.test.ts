import { describeTrainer } from '../../../../../test/kit/trainer-conformance.ts';
import { createProcessTrainer } from './process-trainer.ts';

describeTrainer('process', (deps) => createProcessTrainer({ libraryDirectories: [], threads: 1 }, deps));
