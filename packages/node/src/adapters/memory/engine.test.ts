import type { LoadSpec } from '@filon/core/serving/session';
import { runEngineConformance } from '../../../../../test/kit/engine-conformance.ts';
import { createScriptedEngine } from './engine.ts';

const spec: LoadSpec = {
  device: null,
  model: 'a'.repeat(64),
  path: '/nowhere',
  mode: 'exact',
  contextTokens: 512,
  sessionsMax: 3,
};

runEngineConformance('scripted', async () => {
  const engine = createScriptedEngine();
  return { engine, spec, kill: () => engine.kill(), [Symbol.asyncDispose]: async () => engine.kill() };
});
