/** A node's life as a process: starts that meet, ends of every kind, and what is there afterwards. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { jsonLines, openTestHome, type RunningFilon, type TestHome } from './kit/filon.ts';

const ENDED_BY_SECOND_SIGNAL = 130;
let here: TestHome;
beforeAll(() => {
  here = openTestHome();
});
afterAll(() => here[Symbol.asyncDispose]());

async function up(options: { model: boolean }): Promise<{ node: RunningFilon; url: string }> {
  const model = options.model ? ['--default-model', here.tinySource] : ['--no-model'];
  const node = here.start(['up', '--json', ...model]);
  const { url } = await node.event('ready');
  return { node, url: String(url) };
}

/** Begins an answer that goes on for as long as the context has room; resolves with its first piece. */
async function beginAnswer(url: string): Promise<{ rest: () => Promise<string>; first: string }> {
  const body = JSON.stringify({
    model: 'tiny',
    messages: [{ role: 'user', content: 'Go on' }],
    max_tokens: 300,
    temperature: 1,
    stream: true,
  });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  const rest = async (): Promise<string> => {
    let text = first.value ?? '';
    for (;;) {
      const piece = await reader.read();
      if (piece.done) return text;
      text += piece.value;
    }
  };
  return { first: first.value ?? '', rest };
}

/** One that has ended may stay in the system's table until its parent has looked. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const statusSchema = z.object({ engine: z.object({ workers: z.array(z.object({ pid: z.int() })) }) });

function workerPids(status: unknown): number[] {
  return statusSchema.parse(status).engine.workers.map(({ pid }) => pid);
}

function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

describe('starts', () => {
  test('of ten at the same moment exactly one becomes the node', async () => {
    const all = Array.from({ length: 10 }, () => here.start(['up', '--no-model', '--json']));
    const outcomes = await Promise.all(
      all.map(async (one) => {
        const first = await Promise.race([one.event('ready').catch(() => null), one.ended.then(() => null)]);
        return { one, ready: first !== null };
      }),
    );
    const winners = outcomes.filter(({ ready }) => ready);
    expect(winners).toHaveLength(1);
    for (const { one, ready } of outcomes) {
      if (ready) continue;
      const ran = await one.ended;
      expect([ran.code, JSON.stringify(jsonLines(ran).at(-1))]).toEqual([
        1,
        expect.stringContaining('HOME_IN_USE'),
      ]);
    }
    winners[0]?.one.child.kill('SIGTERM');
    expect((await winners[0]?.one.ended)?.code).toBe(0);
  });

  test('in the background come back when the node answers, and the node outlives them', async () => {
    const started = await here.run(['up', '--detach', '--json', '--default-model', here.tinySource]);
    expect(started.code).toBe(0);
    const events = jsonLines(started);
    expect(events.at(-1)).toMatchObject({ event: 'ready', model: 'tiny' });
    const status = jsonLines(await here.run(['status', '--json']))[0];
    expect(status).toMatchObject({ ready: true, pid: events[0]?.['pid'] });
    expect((await here.run(['down'])).code).toBe(0);
    await expect.poll(() => isAlive(Number(events[0]?.['pid'])), { timeout: 10_000 }).toBe(false);
  });

  test('in the background take a relative home for what it is in the folder of the command', async () => {
    const home = relative(process.cwd(), join(here.folder, 'elsewhere'));
    const started = await here.run(['--home', home, 'up', '--detach', '--no-model', '--json']);
    expect([started.code, existsSync(join(here.folder, 'elsewhere', 'control.sock'))]).toEqual([0, true]);
    expect((await here.run(['--home', home, 'down'])).code).toBe(0);
  });

  test('in the background that fail say why', async () => {
    const { node, url } = await up({ model: false });
    const other = openTestHome();
    const environment = { FILON_PORT: new URL(url).port };
    const ran = await other.run(['up', '--detach', '--no-model', '--json'], { environment });
    expect(ran.code).toBe(1);
    expect(jsonLines(ran).at(-1)).toMatchObject({ error: { details: { code: 'GATEWAY_PORT_TAKEN' } } });
    await other[Symbol.asyncDispose]();
    node.child.kill('SIGTERM');
    await node.ended;
  });

  test('in the background that cannot join leave no node behind', async () => {
    await using other = openTestHome();
    const environment = { FILON_SWARM_PORT: '0' };
    const words = ['up', '--detach', '--no-model', '--json', '--join', 'no-invite'];
    const ran = await other.run(words, { environment });
    const events = jsonLines(ran);
    expect(events.at(-1)).toMatchObject({ error: { details: { code: 'INVITE_MALFORMED' } } });
    const pid = Number(events.find(({ event }) => event === 'listening')?.['pid']);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  test('without their model leave a node that can be mended', async () => {
    const node = here.start(['up', '--json', '--default-model', 'file:/no/such/model.gguf']);
    expect(await node.event('model-missing')).toMatchObject({ code: 'MODEL_SOURCE_DEAD' });
    expect((await here.run(['status'])).code).toBe(0);
    node.child.kill('SIGTERM');
    expect((await node.ended).code).toBe(0);
  });
});

describe('ends', () => {
  test('kill -9 at once, five times, is followed by a node that knows everything', async () => {
    expect((await here.run(['pull', here.tinySource])).code).toBe(0);
    for (let round = 0; round < 5; round++) {
      const { node, url } = await up({ model: true });
      const answer = await beginAnswer(url);
      expect(answer.first).toContain('data:');
      const cut = answer.rest().catch(() => 'cut');
      node.child.kill('SIGKILL');
      expect((await node.ended).signal).toBe('SIGKILL');
      await cut;
    }
    const { node } = await up({ model: true });
    expect((await here.run(['doctor', '--deep'])).stdout).toMatch(/hash checked/);
    node.child.kill('SIGTERM');
    expect((await node.ended).code).toBe(0);
  });

  test('by signal let answers end, and leave no process, socket or port', async () => {
    const { node, url } = await up({ model: true });
    const workers = workerPids(jsonLines(await here.run(['status', '--json']))[0]);
    expect(workers).toHaveLength(1);
    const answer = await beginAnswer(url);
    node.child.kill('SIGINT');
    const text = await answer.rest();
    expect(text).toContain('[DONE]');
    expect((await node.ended).code).toBe(0);
    expect(await isListening(url)).toBe(false);
    expect(existsSync(join(here.home, 'control.sock'))).toBe(false);
    for (const pid of workers) expect(isAlive(pid)).toBe(false);
  });

  test('by a second signal come at once', async () => {
    const { node, url } = await up({ model: true });
    const answer = await beginAnswer(url);
    const cut = answer.rest().catch(() => 'cut');
    node.child.kill('SIGTERM');
    await node.event('stopping');
    node.child.kill('SIGTERM');
    const ran = await node.ended;
    expect([ran.code, ran.signal]).toEqual([ENDED_BY_SECOND_SIGNAL, null]);
    await cut;
    const again = await up({ model: false });
    again.node.child.kill('SIGTERM');
    expect((await again.node.ended).code).toBe(0);
  });

  test('of a pull leave a home that works', async () => {
    const home = openTestHome();
    const pulling = home.start(['pull', home.tinySource, '--json']);
    pulling.child.kill('SIGKILL');
    await pulling.ended;
    expect((await home.run(['pull', home.tinySource])).stdout).toMatch(/^tiny: /);
    await home[Symbol.asyncDispose]();
  });
});
