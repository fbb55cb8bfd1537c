import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openScriptedGateway, type ScriptedGateway } from '../../../../test/kit/scripted-gateway.ts';
import { MODEL } from '../../../../test/kit/scripted-serving.ts';

const CHAT = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'a' }], max_tokens: 2 });

function post(
  { gateway }: ScriptedGateway,
  encoding: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
  return fetch(`http://127.0.0.1:${gateway.port}/v1/chat/completions`, { method: 'POST', headers, body });
}

describe('a body with a content encoding', () => {
  test.each<[string, string | Uint8Array<ArrayBuffer>]>([
    ['gzip', new Uint8Array(gzipSync(CHAT))],
    ['gzip', '{}'],
    ['br', CHAT],
    ['identity, gzip', CHAT],
  ])('%s is refused in words', async (encoding, body) => {
    await using scripted = await openScriptedGateway();
    const response = await post(scripted, encoding, body);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      error: { code: 'GATEWAY_CONTENT_ENCODING', message: expect.stringContaining(`'${encoding}'`) },
    });
  });

  test('that changes nothing is taken', async () => {
    await using scripted = await openScriptedGateway();
    expect((await post(scripted, 'Identity', CHAT)).status).toBe(200);
  });
});
