import { runEngineConformance } from '../../../../../test/kit/engine-conformance.ts';
import { createScriptedEngine } from './engine.ts';

const spec = {
  model: 'a'.repeat(64),
  path: '/nowhere',
  mode: 'exact',
  contextTokens: 512,
  sessionsMax: 3,
} as const;

runEngineConformance('scripted', async () => {
  const engine = createScriptedEngine();
  return { engine, spec, kill: () => engine.kill(), [Symbol.asyncDispose]: async () => engine.kill() };
});
