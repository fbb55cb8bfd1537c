import fc from 'fast-check';
import type { Hono } from 'hono';
import { expect, test } from 'vitest';
import { mutated, mutations } from '../../../../../../test/kit/hostile-json.ts';
import { MODEL, openScriptedServing } from '../../../../../../test/kit/scripted-serving.ts';
import { createSystemClock } from '../../../adapters/local/clock.ts';
import { createMemoryLog } from '../../../adapters/memory/log.ts';
import { createMemoryStore } from '../../../adapters/memory/store.ts';
import { DEFAULT_DURABLE_LIMITS } from '../../../serve/durable/limits.ts';
import { openDurableAnswers } from '../../../serve/durable/open-durable-answers.ts';
import { createGateway } from '../../gateway.ts';
import { DEFAULT_GATEWAY_LIMITS } from '../../http/limits.ts';

const HEADERS = { host: 'localhost:1', 'content-type': 'application/json' };
const BODY = {
  model: MODEL,
  input: [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'ore' }] },
    { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'hm' }] },
    { role: 'assistant', content: [{ type: 'output_text', text: 'tin', annotations: [], logprobs: [] }] },
    { type: 'function_call', call_id: 'a', name: 'dig', arguments: '{}', id: 'fc_1', status: 'completed' },
    { type: 'function_call_output', call_id: 'a', output: 'tin' },
  ],
  instructions: 'Be brief.',
  tools: [{ type: 'function', name: 'dig', description: '', parameters: { type: 'object' }, strict: true }],
  tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'dig' }] },
  parallel_tool_calls: true,
  text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } },
  reasoning: { effort: 'low' },
  metadata: { a: 'b' },
  include: ['message.output_text.logprobs', 'response.filon.pause'],
  top_logprobs: 2,
  max_output_tokens: 3,
  truncation: 'auto',
  temperature: 0.5,
  top_p: 0.9,
};
const METHODS = ['GET', 'POST', 'DELETE'] as const;

const log = createMemoryLog();

async function openApp(): Promise<Hono> {
  const clock = createSystemClock();
  const { serving } = await openScriptedServing({
    ...{ clock, config: { contextTokens: 128 }, beforeToken: () => {} },
  });
  const answers = await openDurableAnswers(DEFAULT_DURABLE_LIMITS, {
    ...{ store: createMemoryStore(), clock, log, serving: () => serving },
    readiness: () => serving.readiness(),
  });
  let drawn = 0n;
  const randomBytes = (count: number): Uint8Array => {
    const bytes = Buffer.alloc(count);
    bytes.writeBigUInt64LE(++drawn);
    return bytes;
  };
  return createGateway({
    ...{ serving, answers, clock, log, limits: DEFAULT_GATEWAY_LIMITS, randomBytes },
    ...{ hosts: new Set(['localhost:1']), origins: new Set<string>() },
  });
}

/** An answer, or an honest refusal in OpenAI's shape. */
async function expectHonest(response: Response): Promise<string> {
  const text = await response.text();
  expect(text).not.toContain('internal_error');
  if (response.status === 200) return text;
  expect(response.status, text).toBeGreaterThanOrEqual(400);
  expect(response.status, text).toBeLessThan(500);
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  expect(Object.keys(error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']));
  return text;
}

const post = async (app: Hono, body: unknown): Promise<Response> =>
  await app.request('/v1/responses', { method: 'POST', headers: HEADERS, body: JSON.stringify(body) });

test('thousands of bodies with a mutated value are answered or honestly refused', async () => {
  const app = await openApp();
  expect((await post(app, BODY)).status).toBe(200);
  await fc.assert(
    fc.asyncProperty(mutations, fc.boolean(), fc.boolean(), async (changes, stream, store) => {
      await expectHonest(await post(app, mutated({ ...BODY, stream, store }, changes)));
    }),
    { numRuns: 1_500 },
  );
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('kept responses stay themselves whatever is asked of them', async () => {
  const app = await openApp();
  const { id } = JSON.parse(await (await post(app, BODY)).text()) as { id: string };
  const whole = await (await app.request(`/v1/responses/${id}`, { headers: HEADERS })).text();
  const part = fc.oneof(
    fc.constantFrom('', id, 'cancel', 'input_items', '..', '%2e%2e', '%00', '__proto__'),
    fc.string({ unit: 'grapheme' }).map(encodeURIComponent),
  );
  const names = ['stream', 'starting_after', 'include', 'include[]', 'order', 'limit', 'after'];
  const value = fc.oneof(
    fc.constantFrom('true', '3', '-1', '1e9', 'asc', 'response.filon.pause'),
    fc.string(),
  );
  const query = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...METHODS),
      fc.array(part, { minLength: 1, maxLength: 3 }),
      query,
      async (method, parts, asked) => {
        fc.pre(!(method === 'DELETE' && parts.includes(id)));
        const path = `/v1/responses/${parts.join('/')}?${new URLSearchParams(asked)}`;
        await expectHonest(await app.request(path, { method, headers: HEADERS }));
      },
    ),
    { numRuns: 1_000 },
  );
  expect(await (await app.request(`/v1/responses/${id}`, { headers: HEADERS })).text()).toBe(whole);
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});
