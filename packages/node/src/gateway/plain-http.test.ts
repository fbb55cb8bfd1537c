import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScriptedGateway, type ScriptedGateway } from '../../../../test/kit/scripted-gateway.ts';
import { type Certificate, ownCertificate } from '../home/certificate.ts';
import { homePaths } from '../home/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-plain-'));
let tls: Certificate;
let scripted: ScriptedGateway;
beforeAll(async () => {
  tls = await ownCertificate(homePaths(folder), Date.now());
  scripted = await openScriptedGateway({ tls });
});
afterAll(async () => {
  await scripted[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function overTls(): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const asking = request(`${scripted.baseURL}/models`, { ca: tls.cert }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asking.on('error', reject).end();
  });
}

test('plain HTTP to the port of TLS is told to use https, and TLS goes on', async () => {
  expect(scripted.gateway.url).toMatch(/^https:/);
  const answer = await fetch(scripted.gateway.url.replace('https:', 'http:'));
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'text/plain; charset=utf-8']);
  expect(await answer.text()).toMatch(/https:\/\/ instead of http:\/\/.*\n.*https:\/\/ en lugar de/);
  expect(await overTls()).toBe(200);
});

test('a body of plain HTTP is not served, however long it is', async () => {
  const body = 'x'.repeat(2_000_000);
  const answer = await fetch(`${scripted.baseURL.replace('https:', 'http:')}/chat/completions`, {
    method: 'POST',
    body,
  });
  expect(answer.status).toBe(400);
  expect(scripted.engine.status().counters.promptTokens).toBe(0);
});

test('bytes of neither end without an answer', async () => {
  const socket = connect(scripted.gateway.port, '127.0.0.1');
  socket.end('\0\0\0\0\0\0\0\0');
  expect(await text(socket).catch(() => '')).not.toContain('HTTP');
});

test('a connection that says nothing does not hold up the end', async () => {
  const other = await openScriptedGateway({ tls });
  const socket = connect(other.gateway.port, '127.0.0.1');
  const gone = new Promise((resolve) =>
    socket
      .on('close', resolve)
      .on('error', () => undefined)
      .resume(),
  );
  await new Promise((resolve) => socket.once('connect', resolve));
  // The server has taken it when it has answered one that came later.
  expect((await fetch(other.gateway.url.replace('https:', 'http:'))).status).toBe(400);
  await other[Symbol.asyncDispose]();
  await gone;
});

test('a handshake that is never finished does not hold up the end, and one that was finished is no handshake any more', async () => {
  const other = await openScriptedGateway({ tls });
  const secure = connectTls({ port: other.gateway.port, host: '127.0.0.1', ca: tls.cert });
  await once(secure, 'secureConnect');
  const begun = connect(other.gateway.port, '127.0.0.1');
  begun.on('error', () => undefined).resume();
  await once(begun, 'connect');
  const gone = once(begun, 'close');
  // The head of a record with a ClientHello of 512 bytes, of which no more comes.
  begun.write(Uint8Array.of(22, 3, 1, 2, 0, 1));
  expect((await fetch(other.gateway.url.replace('https:', 'http:'))).status).toBe(400);
  const startMs = performance.now();
  await other[Symbol.asyncDispose]();
  await gone;
  // A handshake may take 15 s.
  expect(performance.now() - startMs).toBeLessThan(10_000);
  secure.destroy();
});
