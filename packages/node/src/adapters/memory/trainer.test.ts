import { describeTrainer } from '../../../../../test/kit/trainer-conformance.ts';
import { createMemoryTrainer } from './trainer.ts';

describeTrainer('memory', (deps) => createMemoryTrainer(deps));
