import { describe, expect, test } from 'vitest';
import { bearer, CHAT, openKeyedGateway, PHONE } from '../../../../../test/kit/keyed-gateway.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';

type Json = Record<string, unknown>;
interface Held {
  start: Json;
  drawn: Json[];
}

const ASKED = { ...CHAT, max_tokens: 30, stream: true, filon: { resumable: true } };
const INPUT = {
  model: MODEL,
  input: 'Ore?',
  max_output_tokens: 30,
  stream: true,
  filon: { resumable: true },
};

/** The data of every event. */
async function eventsOf(response: Response): Promise<Json[]> {
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: {'));
  return lines.map((line) => JSON.parse(line.slice(6)));
}

function textOf(events: readonly Json[]): string {
  const pieces = events.map(({ choices, type, delta }) => {
    if (type === 'response.output_text.delta') return delta;
    return (choices as { delta: { content?: string } }[] | undefined)?.[0]?.delta.content;
  });
  return pieces.filter((piece) => piece !== undefined).join('');
}

/** As a client keeps it: what it has is not taken again. */
function heldBy(events: readonly Json[]): Held {
  const held: Held = { start: {}, drawn: [] };
  for (const event of events) {
    const { start, from, drawn } = (event['filon'] ?? event) as Partial<Held> & { from?: number };
    if (start !== undefined) held.start = start;
    if (drawn !== undefined) held.drawn.push(...drawn.slice(held.drawn.length - Number(from)));
  }
  return held;
}

describe.each([
  ['/v1/chat/completions', ASKED],
  ['/v1/responses', INPUT],
])('%s', (path, asked) => {
  test('goes on at another gateway from what this one told', async () => {
    const here = await openKeyedGateway();
    const whole = await eventsOf(await here.ask(path, { body: asked }));
    expect(textOf(whole).length).toBeGreaterThan(40);
    for (const cut of [4, 9, Math.floor(whole.length / 2)]) {
      const seen = whole.slice(0, cut);
      const filon = { resumable: true, resume: heldBy(seen) };
      const there = await openKeyedGateway();
      const rest = await eventsOf(await there.ask(path, { body: { ...asked, filon } }));
      expect(textOf(rest)).toBe(textOf(whole));
      expect(textOf(rest).startsWith(textOf(seen))).toBe(true);
      expect(heldBy(rest)).toEqual(heldBy(whole));
    }
  });

  test('tells nothing of tokens to those who did not ask', async () => {
    const { ask } = await openKeyedGateway();
    const { filon, ...stock } = asked;
    expect(await (await ask(path, { body: stock })).text()).not.toMatch(/drawn|numeric_class|filon\.resume/);
  });

  test.each([
    [400, 'RESUME_INVALID', { resume: 'rubbish' }],
    [400, 'RESUME_INVALID', { resume: { start: {}, drawn: [] } }],
    [400, 'RESUME_INVALID', { resume: { start: {}, drawn: 7 }, resumable: true }],
    [400, 'GATEWAY_REQUEST_INVALID', 'rubbish'],
    [400, 'GATEWAY_REQUEST_INVALID', { resumable: 'yes' }],
  ])('refuses rubbish: %d %s', async (status, code, filon) => {
    const { ask } = await openKeyedGateway();
    const response = await ask(path, { body: { ...asked, filon } });
    expect([response.status, response.headers.get('x-filon-error')]).toEqual([status, code]);
    const { error } = (await response.json()) as { error: Json };
    expect(error['param']).toMatch(/^filon/);
  });

  test.each<[what: string, code: string, change: (held: Held) => Held]>([
    [
      'prompt',
      'RESUME_MISMATCH',
      ({ start, drawn }) => ({ start: { ...start, prompt: 'e'.repeat(64) }, drawn }),
    ],
    [
      'model',
      'RESUME_MISMATCH',
      ({ start, drawn }) => ({ start: { ...start, model: 'b'.repeat(64) }, drawn }),
    ],
    [
      'token',
      'RESUME_MISMATCH',
      ({ start, drawn }) => ({ start, drawn: [...drawn, { token: 999_999, text: '' }] }),
    ],
    ['length', 'RESUME_MISMATCH', ({ start, drawn }) => ({ start, drawn: [...drawn, ...drawn, ...drawn] })],
  ])('refuses what was forged: %s', async (what, code, change) => {
    const { ask } = await openKeyedGateway();
    const held = heldBy(await eventsOf(await ask(path, { body: asked })));
    const response = await ask(path, { body: { ...asked, filon: { resume: change(held) } } });
    expect([response.status, response.headers.get('x-filon-error')], what).toEqual([422, code]);
    const { error } = (await response.json()) as { error: Json };
    expect(error['message']).toContain('ask again');
  });

  test('counts for a key as a new answer does: all its tokens, and no model that the key may not use', async () => {
    const { ask, key } = await openKeyedGateway();
    const held = heldBy((await eventsOf(await ask(path, { body: asked }))).slice(0, 12));
    expect(held.drawn.length).toBeGreaterThan(3);
    const resume = { ...asked, filon: { resume: held } };
    const poor = bearer(key({ budgetTokens: 2 }));
    const refused = await ask(path, { body: resume, peer: PHONE, headers: poor });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    const bound = bearer(key({ models: ['scripted-2m'] }));
    const closed = await ask(path, {
      body: { ...resume, model: 'scripted-2m' },
      peer: PHONE,
      headers: bound,
    });
    expect(closed.headers.get('x-filon-error')).toBe('RESUME_MISMATCH');
    const rich = bearer(key());
    expect((await ask(path, { body: resume, peer: PHONE, headers: rich })).status).toBe(200);
  });
});

test('only what can go on is offered: one choice, streamed, without log-probabilities', async () => {
  const { ask } = await openKeyedGateway();
  for (const change of [{ n: 2 }, { stream: false }, { logprobs: true }]) {
    const response = await ask('/v1/chat/completions', { body: { ...ASKED, ...change } });
    expect(response.status, JSON.stringify(change)).toBe(400);
  }
});
