/** Talking with the API, and what a chat remembers. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openChatHistory } from './chat-history.ts';
import { Conversation } from './conversation.ts';
import { type ChatPiece, streamChat } from './openai-api.ts';

const signal = new AbortController().signal;
const ask = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] } as const;

async function asked(
  reply: (response: ServerResponse) => void,
  use: (pieces: AsyncGenerator<ChatPiece>) => Promise<void>,
): Promise<{ gone: boolean }> {
  const seen = { gone: false };
  const closed = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    response.on('close', () => {
      seen.gone = !response.writableFinished;
      closed.resolve();
    });
    reply(response);
  });
  const folder = mkdtempSync(join(tmpdir(), 'filon-api-'));
  const path = join(folder, 'api.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await use(streamChat({ kind: 'home', socket: path }, ask, { signal }));
    await closed.promise;
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
  return seen;
}

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ delta, ...more }] })}\n\n`;

describe('an answer', () => {
  test('comes as texts, an end and the usage', async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 1 } };
    await asked(
      (response) => {
        response.write(
          chunk({ role: 'assistant' }) + chunk({ content: 'Good ' }) + chunk({ content: 'day' }),
        );
        response.write(chunk({}, { finish_reason: 'stop' }));
        response.end(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`);
      },
      async (pieces) => {
        expect(await Array.fromAsync(pieces)).toEqual([
          { kind: 'text', text: 'Good ' },
          { kind: 'text', text: 'day' },
          { kind: 'end', reason: 'stop' },
          { kind: 'usage', promptTokens: 3, cachedTokens: 1, completionTokens: 2 },
        ]);
      },
    );
  });

  test.each([
    ['without its end', 200, chunk({ content: 'x' }), 'CLI_API_BROKEN'],
    ['of something else', 200, 'data: not json\n\n', 'CLI_API_BROKEN'],
    ['with an error inside', 200, 'data: {"error":{"message":"no","code":"x"}}\n\n', 'CLI_API_REFUSED'],
    [
      'that is refused',
      404,
      '{"error":{"message":"no such model","code":"model_not_found"}}',
      'CLI_API_REFUSED',
    ],
    ['that is refused in no known form', 500, '<html>', 'CLI_API_REFUSED'],
  ])('%s fails with its code', async (_, status, body, code) => {
    await asked(
      (response) => response.writeHead(status).end(body),
      async (pieces) => {
        await expect(Array.fromAsync(pieces)).rejects.toMatchObject({ code });
      },
    );
  });

  test('that nobody reads to its end is ended at the node', async () => {
    const { gone } = await asked(
      (response) => response.write(chunk({ content: 'x' })),
      async (pieces) => {
        for await (const piece of pieces) {
          expect(piece).toEqual({ kind: 'text', text: 'x' });
          break;
        }
      },
    );
    expect(gone).toBe(true);
  });

  test('of a node that is not there fails at once', async () => {
    const pieces = streamChat({ kind: 'home', socket: join(tmpdir(), 'filon-nowhere.sock') }, ask, {
      signal,
    });
    await expect(Array.fromAsync(pieces)).rejects.toMatchObject({ code: 'CLI_API_BROKEN' });
  });
});

describe('a chat', () => {
  test('carries what was answered, under its system message', () => {
    const conversation = new Conversation('m', 'Be brief.');
    conversation.answered('one', 'first');
    conversation.answered('two', '');
    expect(conversation.asked('three').map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'system: Be brief.',
      'user: one',
      'assistant: first',
      'user: three',
    ]);
    conversation.clear();
    conversation.system = null;
    expect(conversation.asked('four')).toEqual([{ role: 'user', content: 'four' }]);
  });

  test('keeps its lines for the next one, for its user alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'filon-chat-'));
    const path = join(folder, 'history');
    const history = openChatHistory(path, { keep: true });
    for (const line of ['one', 'two', 'two']) history.add(line);
    expect(openChatHistory(path, { keep: true }).lines).toEqual(['two', 'one']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (let i = 0; i < 600; i++) history.add(`line ${i}`);
    expect(openChatHistory(path, { keep: true }).lines).toHaveLength(history.linesMax);
    const none = openChatHistory(path, { keep: false });
    none.add('secret');
    expect(openChatHistory(path, { keep: true }).lines).not.toContain('secret');
    rmSync(folder, { recursive: true });
  });
});
