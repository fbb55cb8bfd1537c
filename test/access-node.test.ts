/** Keys and TLS on a real node: its own process, the official client in another, and kill -9 between them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KeyView } from '@filon/node/control/access-calls';
import { homePaths } from '@filon/node/home/paths';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonLines, openTestHome, type RunningFilon, type TestHome } from './kit/filon.ts';

const CLIENT = fileURLToPath(new URL('./kit/tls-client.ts', import.meta.url));
const OPEN = { environment: { FILON_HOST: '0.0.0.0', FILON_THREADS: '1' } };

let home: TestHome;
let running: RunningFilon;
let url = '';
beforeAll(async () => {
  home = openTestHome();
});
afterAll(() => home[Symbol.asyncDispose]());

async function start(): Promise<void> {
  running = home.start(['up', '--json', '--default-model', home.tinySource], OPEN);
  url = String((await running.event('ready'))['url']);
}

async function addKey(...more: string[]): Promise<string> {
  const [added] = jsonLines(await home.run(['keys', 'add', ...more, '--json']));
  return String(added?.['secret']);
}

async function keys(): Promise<Record<string, KeyView>> {
  const { stdout } = await home.run(['keys', 'ls', '--json']);
  const list: KeyView[] = JSON.parse(stdout);
  return Object.fromEntries(list.map((key) => [key.name, key]));
}

async function client(key: string, certificates: string): Promise<Record<string, unknown>> {
  const env = { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: certificates };
  const { stdout } = await promisify(execFile)(process.execPath, [CLIENT, url, key, 'tiny'], { env });
  return JSON.parse(stdout);
}

describe('a node on all addresses', () => {
  test('does not start before somebody has a key, and says what to do', async () => {
    const ran = await home.run(['up', '--no-model'], OPEN);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/filon keys add NAME.*\[GATEWAY_NOT_LOOPBACK\]/s);
  });

  test('has keys with names of one line, and says when a budget in money holds nothing back', async () => {
    const ran = await home.run(['keys', 'add', 'two\nlines']);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('[ACCESS_KEY_NAME_INVALID]')]);
    const free = await home.run(['keys', 'add', 'free', '--budget-money', '1.50']);
    expect(free.stderr).toContain('pricePerMillionTokens');
    const paid = { environment: { FILON_PRICE_PER_MILLION_TOKENS: '0.25' } };
    expect((await home.run(['keys', 'add', 'paid', '--budget-money', '1.50'], paid)).stderr).not.toMatch(
      /Note/,
    );
    for (const name of ['free', 'paid']) await home.run(['keys', 'rm', name]);
  });

  test('has TLS with a certificate of its own, which the official client trusts when it is told to', async () => {
    const key = await addKey('ci', '--budget-tokens', '100000');
    await start();
    expect(url).toMatch(/^https:/);
    const { certificate } = homePaths(home.home);
    expect(await client(key, certificate)).toMatchObject({ models: ['tiny'], tokens: expect.any(Number) });
    expect(await client(key, join(home.folder, 'nothing.pem'))).toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/),
    });
    expect(await client(`${key.slice(0, -1)}_`, certificate)).toMatchObject({
      ...{ status: 401, apiCode: 'invalid_api_key' },
    });
    const status = JSON.parse((await home.run(['status', '--json'])).stdout);
    expect(status).toMatchObject({ fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) });
  });

  test('answers the commands of its user without a key', async () => {
    const ran = await home.run(['run', 'tiny', 'Hello', '--max-tokens', '4', '--json']);
    expect(ran.code).toBe(0);
    expect(jsonLines(ran).at(-1)).toMatchObject({ usage: { completionTokens: expect.any(Number) } });
  });

  test('takes keys while it runs, ends them at once, and holds them to their limits', async () => {
    const { certificate } = homePaths(home.home);
    const [once, barred] = [
      await addKey('once', '--requests-per-minute', '1'),
      await addKey('barred', '--models', 'other'),
    ];
    expect(await client(once, certificate)).toMatchObject({ tokens: expect.any(Number) });
    expect(await client(once, certificate)).toMatchObject({ status: 429 });
    expect(await client(barred, certificate)).toMatchObject({ status: 404, apiCode: 'model_not_found' });
    await home.run(['keys', 'rm', 'once']);
    expect(await client(once, certificate)).toMatchObject({ status: 401 });
  });

  test('has what was used on the disk before kill -9, and nothing of the secrets', async () => {
    const { certificate } = homePaths(home.home);
    const key = await addKey('counted', '--budget-tokens', '60');
    let tokens = 0;
    let answers = 0;
    for (;;) {
      const seen = await client(key, certificate);
      if (seen['status'] !== undefined) {
        expect(seen).toMatchObject({ status: 429 });
        break;
      }
      tokens += Number(seen['tokens']);
      answers += 1;
    }
    running.child.kill('SIGKILL');
    await running.ended;
    const { usage } = (await keys())['counted'] ?? {};
    expect(usage).toMatchObject({ requests: answers, lastUsedMs: expect.any(Number) });
    expect((usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0)).toBe(tokens);
    expect(answers).toBeGreaterThan(0);
    expect(tokens).toBeLessThanOrEqual(60);
    const { stdout } = await home.run(['keys', 'ls']);
    expect(stdout).toMatch(/counted .* of 60/);
    expect(stdout).not.toContain(key.slice(0, 16));
    await start();
    expect(await client(key, certificate)).toMatchObject({ status: 429 });
  });
});

test('a link lets one browser in, and all can be sent out', async () => {
  const link = new URL(String(jsonLines(await home.run(['login', '--json']))[0]?.['url']));
  expect(link.pathname).toBe('/login');
  expect(link.hash.length).toBeGreaterThan(40);
  const { stdout } = await home.run(['pair']);
  expect(stdout).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}\n$/);
  expect((await home.run(['login', '--list'])).stdout).toMatch(/No browser is in/);
  expect((await home.run(['login', '--end', 'nobody'])).code).toBe(1);
  expect(jsonLines(await home.run(['login', '--end-all', '--json']))).toEqual([{ ended: [] }]);
});
