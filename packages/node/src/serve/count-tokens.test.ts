import { expect, test } from 'vitest';
import {
  chatRequest,
  createGate,
  MODEL,
  never,
  openScriptedServing,
} from '../../../../test/kit/scripted-serving.ts';

const chat = (content: string) => ({
  model: MODEL,
  prompt: { kind: 'chat' as const, messages: [{ role: 'user' as const, content }] },
});

test('a prompt is counted as its answer counts it', async () => {
  const { serving } = await openScriptedServing();
  const answer = await serving.complete(chatRequest('the old lamp'), { signal: never });
  expect(await serving.countTokens(chat('the old lamp'), { signal: never })).toBe(answer.usage.promptTokens);
});

test('more than the context holds is counted too', async () => {
  const { serving } = await openScriptedServing({ config: { contextTokens: 64 } });
  expect(await serving.countTokens(chat(' ore'.repeat(100)), { signal: never })).toBeGreaterThan(100);
});

test('a count takes no slot, and computes nothing', async () => {
  const gate = createGate();
  const { serving, engine } = await openScriptedServing({
    config: { sessionsMax: 1, queueMax: 0 },
    beforeToken: () => gate.pass(),
  });
  const answer = await serving.complete(chatRequest('lamp'), { signal: never });
  const chunks = Array.fromAsync(answer.chunks);
  await gate.crowd(1);
  expect(await serving.countTokens(chat('rope'), { signal: never })).toBeGreaterThan(0);
  expect(engine.status().counters.generatedTokens).toBe(0);
  gate.open();
  await chunks;
});

test('an unknown model and a caller who is gone are refused', async () => {
  const { serving } = await openScriptedServing();
  const gone = AbortSignal.abort(new RangeError('gone'));
  await expect(serving.countTokens(chat('a'), { signal: gone })).rejects.toThrow('gone');
  await expect(
    serving.countTokens({ ...chat('a'), model: 'nobody' }, { signal: never }),
  ).rejects.toMatchObject({ code: 'SERVE_MODEL_UNKNOWN' });
});
