import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { askAnywhere } from './ask-anywhere.ts';
import { type Gateway, gatewaysOf } from './gateways.ts';

const { signal } = new AbortController();
const ASK = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] } as const;
const WORDS = ['Good ', 'old ', 'shaft', ', deep'];
const START = { model: 'a', seed: '1' };

type Body = { filon?: { resume?: { start: unknown; drawn: unknown[] } } };
interface Fake {
  gateway: Gateway;
  asked: { body: Body; key: string | undefined }[];
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function fake(answer: (response: ServerResponse) => void, key: string | null = null): Promise<Fake> {
  const asked: Fake['asked'] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString());
    asked.push({ body, key: request.headers.authorization });
    answer(response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { asked, gateway: { kind: 'other', url: `http://127.0.0.1:${port}`, key, fingerprint: null } };
}

const data = (value: object): string => `data: ${JSON.stringify({ choices: [], ...value })}\n\n`;

/** The answer from its beginning on; breaks off after so many words. */
function words(count = WORDS.length) {
  return (response: ServerResponse): void => {
    response.write(data({ filon: { start: START } }));
    for (const [index, content] of WORDS.slice(0, count).entries()) {
      response.write(data({ filon: { from: index, drawn: [{ token: index, text: content }] } }));
      response.write(data({ choices: [{ delta: { content } }] }));
    }
    // What was written is on its way when the connection is cut.
    if (count < WORDS.length) response.write(': \n\n', () => response.destroy());
    else response.end(`${data({ choices: [{ delta: {}, finish_reason: 'stop' }] })}data: [DONE]\n\n`);
  };
}

const refuse = (response: ServerResponse): void =>
  void response.writeHead(401).end('{"error":{"message":"no such key","code":"x"}}');

async function answerOf(...fakes: Fake[]): Promise<{ text: string; elsewhere: string[]; error: unknown }> {
  const elsewhere: string[] = [];
  const gateways = { all: fakes.map(({ gateway }) => gateway), current: 0 };
  const options = { signal, tier: undefined, onElsewhere: (name: string) => void elsewhere.push(name) };
  let text = '';
  try {
    for await (const piece of askAnywhere(gateways, ASK, options))
      if (piece.kind === 'text') text += piece.text;
    return { text, elsewhere, error: null };
  } catch (error) {
    return { text, elsewhere, error };
  }
}

describe('an answer whose gateway goes', () => {
  test.each([0, 1, 3])('after %d words goes on at the next one that does', async (count) => {
    const fakes = [await fake(words(count)), await fake(refuse), await fake(words(), 'filon_key')];
    const { text, elsewhere, error } = await answerOf(...fakes);
    expect({ text, error }).toEqual({ text: WORDS.join(''), error: null });
    expect(elsewhere).toHaveLength(1);
    const [last] = fakes[2]?.asked ?? [];
    expect(last?.key).toBe('Bearer filon_key');
    const drawn = WORDS.slice(0, count).map((word, token) => ({ token, text: word }));
    expect(last?.body.filon?.resume).toEqual({ start: START, drawn });
  });

  test('is gone on with by the tokens that are known from the first one on', async () => {
    const gappy = await fake((response) => {
      const late = { filon: { from: 3, drawn: [{ token: 3, text: WORDS[3] }] } };
      response.write(data({ filon: { start: START } }) + data(late), () => response.destroy());
    });
    const other = await fake(words());
    expect(await answerOf(gappy, other)).toMatchObject({ text: WORDS.join(''), error: null });
    expect(other.asked[0]?.body.filon?.resume).toEqual({ start: START, drawn: [] });
  });

  test('goes on again and again, and back at the first one', async () => {
    let turn = 0;
    const first = await fake((response) => words(turn++ === 0 ? 1 : 4)(response));
    const { text, error } = await answerOf(first, await fake(words(2)));
    expect({ text, error }).toEqual({ text: WORDS.join(''), error: null });
    expect(first.asked).toHaveLength(2);
  });

  test('ends where nobody could go on with it, and says what to do', async () => {
    const fakes = [await fake(words(2)), await fake(refuse)];
    const { text, error } = await answerOf(...fakes);
    expect(text).toBe('Good old ');
    expect(error).toMatchObject({
      code: 'CLI_API_BROKEN',
      message: expect.stringMatching(/ask again.*no such key/),
    });
  });

  test('is not asked of others where it was refused, or failed', async () => {
    const other = await fake(words());
    expect((await answerOf(await fake(refuse), other)).error).toMatchObject({ code: 'CLI_API_REFUSED' });
    const quarantined = await fake((response) => {
      response.write(data({ filon: { start: START } }));
      response.end(data({ error: { message: 'no', code: 'SERVE_QUARANTINED' } }));
    });
    expect((await answerOf(quarantined, other)).error).toMatchObject({ code: 'CLI_API_REFUSED' });
    expect(other.asked).toEqual([]);
  });

  test('tells nobody of tokens where there is no other gateway', async () => {
    const only = await fake(words());
    await answerOf(only);
    expect(only.asked[0]?.body.filon).toBeUndefined();
  });
});

describe('the keys of gateways', () => {
  const folder = mkdtempSync(join(tmpdir(), 'filon-keys-'));
  const gatewayKeys = join(folder, 'keys');
  afterAll(() => rmSync(folder, { recursive: true }));
  const gateways = 'https://rig:4141,http://10.0.0.7:4141';
  const fingerprint = Array.from({ length: 32 }, () => 'ab').join(':');

  test('are those of their addresses', () => {
    writeFileSync(gatewayKeys, `# mine\nhttps://rig:4141 filon_a ${fingerprint}\n\n`, { mode: 0o600 });
    expect(gatewaysOf('api.sock', { gateways, gatewayKeys })).toEqual([
      { kind: 'home', socket: 'api.sock' },
      { kind: 'other', url: 'https://rig:4141', key: 'filon_a', fingerprint: fingerprint.toUpperCase() },
      { kind: 'other', url: 'http://10.0.0.7:4141', key: null, fingerprint: null },
    ]);
  });

  test.each([
    ['that others may read', 'https://rig:4141 filon_secret\n', 0o644],
    ['in no known form', 'filon_secret\n', 0o600],
    ['with half a fingerprint', 'https://rig:4141 filon_secret ab:cd\n', 0o600],
  ])('%s are refused, and not repeated', (name, text, mode) => {
    const file = join(folder, name.replaceAll(' ', '-'));
    writeFileSync(file, text, { mode });
    const read = (): unknown => gatewaysOf('api.sock', { gateways, gatewayKeys: file });
    expect(read).toThrow(expect.objectContaining({ code: 'CLI_GATEWAY_KEYS' }));
    expect(read).not.toThrow(/secret/);
  });
});
