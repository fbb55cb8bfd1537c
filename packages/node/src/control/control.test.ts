import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import { afterAll, expect, test } from 'vitest';
import { createMemoryLog } from '../adapters/memory/log.ts';
import { ensureHome, type HomePaths, homePaths } from '../home/paths.ts';
import { openSocketPath } from '../home/socket-path.ts';
import type { CallProgress, Control } from './calls.ts';
import { createControlClient } from './client.ts';
import { CALL_BYTES_MAX, openControlServer } from './server.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-control-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;
function freshHome(name = `${homes++}`): HomePaths {
  mkdirSync(join(folder, name), { recursive: true });
  const paths = homePaths(join(folder, name));
  ensureHome(paths);
  return paths;
}
const signal = new AbortController().signal;

/** A node that can do nothing but what the test says. */
function partly(calls: Partial<Control>): Control {
  return calls as Control;
}

async function open(paths: HomePaths, calls: Partial<Control>): Promise<AsyncDisposable> {
  return openControlServer({ path: paths.socket }, { control: partly(calls), log: createMemoryLog() });
}

test('a call brings its progress, then its result', async () => {
  const paths = freshHome();
  await using _server = await open(paths, {
    load: async ({ name }, { onProgress }) => {
      for (const share of [0.5, 1]) onProgress?.({ kind: 'share', share, text: name });
      return { name } as Awaited<ReturnType<Control['load']>>;
    },
  });
  const seen: CallProgress[] = [];
  const onProgress = (progress: CallProgress): void => void seen.push(progress);
  const result = await createControlClient(paths).load({ name: 'tiny' }, { signal, onProgress });
  expect(result).toEqual({ name: 'tiny' });
  expect(seen.map((progress) => progress.kind === 'share' && progress.share)).toEqual([0.5, 1]);
});

test('the socket is for its user alone', async () => {
  const paths = freshHome();
  await using _server = await open(paths, {});
  expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
  expect(process.umask()).not.toBe(0o177);
});

test('a home whose path is longer than a socket may have works all the same', async () => {
  const paths = freshHome('deep/'.repeat(40));
  expect(paths.socket.length).toBeGreaterThan(200);
  {
    await using _server = await open(paths, { unload: async ({ name }) => ({ name }) });
    expect(await createControlClient(paths).unload({ name: 'x' }, { signal })).toEqual({ name: 'x' });
    expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
  }
  await expect(createControlClient(paths).unload({ name: 'x' }, { signal })).rejects.toMatchObject({
    code: 'CONTROL_NO_NODE',
  });
});

test('errors keep their code and details; unexpected ones are logged and hide nothing', async () => {
  const paths = freshHome();
  await using _server = await open(paths, {
    remove: async ({ name }) => {
      throw new FilonError({ code: 'ODD', name }, 'odd');
    },
    unload: async () => {
      throw new RangeError('bug');
    },
  });
  const client = createControlClient(paths);
  await expect(client.remove({ name: 'a' }, { signal })).rejects.toMatchObject({
    message: 'odd',
    details: { code: 'ODD', name: 'a' },
  });
  await expect(client.unload({ name: 'a' }, { signal })).rejects.toMatchObject({ code: 'INTERNAL' });
});

test('without a node, and with one that is gone, the caller is told what to do', async () => {
  const paths = freshHome();
  const client = createControlClient(paths);
  await expect(client.status({}, { signal })).rejects.toThrow(/filon up/);
  const server = await open(paths, {});
  await server[Symbol.asyncDispose]();
  await expect(client.status({}, { signal })).rejects.toMatchObject({ code: 'CONTROL_NO_NODE' });
});

test('who goes away cancels the call', async () => {
  const paths = freshHome();
  const cancelled = Promise.withResolvers<unknown>();
  const started = Promise.withResolvers<void>();
  await using _server = await open(paths, {
    pull: (_, { signal: call }) => {
      started.resolve();
      return new Promise((_resolve, reject) => {
        call.addEventListener('abort', () => {
          cancelled.resolve(call.reason);
          reject(call.reason);
        });
      });
    },
  });
  const leaving = new AbortController();
  const reason = new RangeError('enough');
  const pulling = createControlClient(paths).pull({ name: 'x' }, { signal: leaving.signal });
  await started.promise;
  leaving.abort(reason);
  await expect(pulling).rejects.toBe(reason);
  expect(await cancelled.promise).toMatchObject({ code: 'CONTROL_LOST' });
});

test('a server that closes ends the calls in work', async () => {
  const paths = freshHome();
  const started = Promise.withResolvers<void>();
  const server = await open(paths, {
    certify: (_, { signal: call }) => {
      started.resolve();
      return new Promise((_resolve, reject) => call.addEventListener('abort', () => reject(call.reason)));
    },
  });
  const certifying = createControlClient(paths).certify({ name: 'x' }, { signal });
  const outcome = expect(certifying).rejects.toMatchObject({ code: 'CONTROL_STOPPING' });
  await started.promise;
  await server[Symbol.asyncDispose]();
  await outcome;
});

test.each([
  ['GET', '/status', '{}', 'CONTROL_CALL_UNKNOWN'],
  ['POST', '/constructor', '{}', 'CONTROL_CALL_UNKNOWN'],
  ['POST', '/../status', '{}', 'CONTROL_CALL_UNKNOWN'],
  ['POST', '/pull', '{}', 'CONTROL_INPUT_INVALID'],
  ['POST', '/pull', '{"name":7}', 'CONTROL_INPUT_INVALID'],
  ['POST', '/pull', `{"name":"${'x'.repeat(2000)}"}`, 'CONTROL_INPUT_INVALID'],
  [
    'POST',
    '/bench',
    '{"name":"a","sessions":[0],"promptTokens":1,"generatedTokens":1}',
    'CONTROL_INPUT_INVALID',
  ],
  ['POST', '/createSwarm', '{"name":"a\\u001b[31m","open":false,"inviters":null}', 'CONTROL_INPUT_INVALID'],
  ['POST', '/pull', 'not json', 'CONTROL_INPUT_INVALID'],
  ['POST', '/pull', 'x'.repeat(CALL_BYTES_MAX + 1), 'CONTROL_INPUT_TOO_LARGE'],
])('%s %s with a wrong body or name is refused', async (method, path, body, code) => {
  const paths = freshHome();
  await using _server = await open(paths, {});
  using socketPath = openSocketPath(paths.socket);
  const text = await new Promise<string>((resolve, reject) => {
    const request = httpRequest({ socketPath: socketPath.path, method, path }, async (response) => {
      resolve((await response.toArray()).join(''));
    });
    request.on('error', reject);
    request.end(body);
  });
  expect(JSON.parse(text).error.details.code).toBe(code);
});

test.each([
  ['', 'name: it is empty.'],
  ['x'.repeat(2000), 'name: it has more than 1024 characters.'],
])('a wrong name is told in our words', async (name, words) => {
  const paths = freshHome();
  await using _server = await open(paths, {});
  const asked = createControlClient(paths).show({ name }, { signal });
  await expect(asked).rejects.toThrow(words);
});
