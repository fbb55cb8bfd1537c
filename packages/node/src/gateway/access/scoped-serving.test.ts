import { describe, expect, test } from 'vitest';
import { bearer, CHAT, type KeyedGateway, openKeyedGateway } from '../../../../../test/kit/keyed-gateway.ts';
import { chatRequest } from '../../../../../test/kit/scripted-serving.ts';
import { servingForOwner } from './gate.ts';

const BODY = { ...CHAT, messages: [{ role: 'user', content: 'ore '.repeat(20) }] };

/** How many tokens of the prompt the caller is told were there already. */
async function cachedTokens({ ask }: KeyedGateway, headers: Record<string, string>): Promise<unknown> {
  const asked = await ask('/v1/chat/completions', { body: BODY, headers });
  const { usage } = (await asked.json()) as { usage: { prompt_tokens_details?: { cached_tokens: number } } };
  return usage.prompt_tokens_details?.cached_tokens;
}

describe('a prompt that somebody asked', () => {
  test('looks new to everybody else: to another key, and to the operator', async () => {
    const opened = await openKeyedGateway();
    const callers = [bearer(opened.key()), bearer(opened.key()), {}];
    for (const headers of callers) expect(await cachedTokens(opened, headers)).toBe(0);
    for (const headers of callers) expect(await cachedTokens(opened, headers)).toBeGreaterThan(0);
  });

  test('looks new to a key that asks after the operator', async () => {
    const opened = await openKeyedGateway();
    expect(await cachedTokens(opened, {})).toBe(0);
    expect(await cachedTokens(opened, bearer(opened.key()))).toBe(0);
  });

  test("is its owner's again where a kept answer goes on", async () => {
    const { access, serving, log, key } = await openKeyedGateway();
    key();
    const { session } = access.sessions.start('pairing');
    const owners = ['local', `session:${session.id}`, ...access.keys.list().map(({ id }) => `key:${id}`)];
    const ask = async (owner: string): Promise<number> => {
      const mine = servingForOwner(owner, { access, serving, log, answerTokensMax: 512 });
      const { usage, chunks } = await mine.complete(chatRequest('ore '.repeat(20), { maxTokens: 2 }), {
        signal: new AbortController().signal,
      });
      await Array.fromAsync(chunks);
      return usage.cachedTokens;
    };
    for (const owner of owners) expect(await ask(owner)).toBe(0);
    for (const owner of owners) expect(await ask(owner)).toBeGreaterThan(0);
    expect(owners).toHaveLength(3);
  });
});
