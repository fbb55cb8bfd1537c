import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeClock } from '../../../../../test/kit/clock-conformance.ts';
import { describeLog } from '../../../../../test/kit/log-conformance.ts';
import { CARDS, describeRig } from '../../../../../test/kit/rig-conformance.ts';
import { createManualClock } from '../memory/clock.ts';
import { createMemoryStore } from '../memory/store.ts';
import { createSystemClock } from './clock.ts';
import { openFileLog } from './log.ts';
import { isSameProcess, processMark } from './process-mark.ts';
import { openLocalRig } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-local-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let logs = 0;
const signal = new AbortController().signal;
const cards = async (): Promise<typeof CARDS> => CARDS;

describeClock('system', () => {
  const clock = createSystemClock();
  return { clock, pass: (durationMs) => clock.sleep(durationMs, {}) };
});
describeRig('local', () => openLocalRig({ store: createMemoryStore(), clock: createManualClock(), cards }));
describeLog('file', async () => {
  const path = join(folder, `${logs++}`, 'filon.log');
  const log = await openFileLog(
    { path, level: 'debug', fileBytesMax: 1e6, filesMax: 2 },
    { clock: createManualClock() },
  );
  return { log, read: async () => readFileSync(path, 'utf8') };
});

test('a log keeps to its size by putting files aside, each line whole JSON', async () => {
  const path = join(folder, 'rotating', 'filon.log');
  const config = { path, level: 'info', fileBytesMax: 1000, filesMax: 2 } as const;
  await using log = await openFileLog(config, { clock: createManualClock() });
  for (let i = 0; i < 100; i++) log.info('a.line', { i });
  log.debug('not.kept');
  const texts = [`${path}.2`, `${path}.1`, path].map((file) => readFileSync(file, 'utf8'));
  expect(texts.every((text) => text.length <= 1000)).toBe(true);
  expect(existsSync(`${path}.3`)).toBe(false);
  const lines = texts.join('').trimEnd().split('\n');
  const numbers = lines.map((line) => Number(JSON.parse(line).i));
  expect(numbers.at(-1)).toBe(99);
  expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
});

test('a log whose file cannot be written does not throw', async () => {
  const config = { path: '/dev/full', level: 'info', fileBytesMax: 1e6, filesMax: 1 } as const;
  await using log = await openFileLog(config, { clock: createManualClock() });
  log.info('is.lost');
});

test('lines that were lost are counted in a line like all others', async () => {
  const path = join(folder, 'lost', 'filon.log');
  mkdirSync(path, { recursive: true });
  const config = { path, level: 'error', fileBytesMax: 1e6, filesMax: 1 } as const;
  await using log = await openFileLog(config, { clock: createManualClock() });
  for (let i = 0; i < 3; i++) log.error('is.lost');
  rmdirSync(path);
  log.error('is.kept');
  const [lost, kept] = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const time = expect.stringMatching(/^\d{4}-/);
  expect(lost).toEqual({ time, level: 'warn', event: 'log.lost', lines: 3 });
  expect(kept).toMatchObject({ event: 'is.kept' });
});

test('a lease of a dead process is taken back, one of a live process counts', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const store = createMemoryStore();
  store.put('leases', 'card0', { holder: processMark(pid), purpose: 'mine', sinceMs: 5, pid });
  const deps = { store, clock: createManualClock(), cards };
  const rig = await openLocalRig(deps);
  expect(rig.holder('card0')).toEqual({ purpose: 'mine', sinceMs: 5 });
  await expect(rig.lease('card0', 'serve', { signal })).rejects.toMatchObject({
    details: { code: 'RIG_CARD_HELD', pid },
  });
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  const next = await openLocalRig(deps);
  expect(store.list('leases')).toEqual([]);
  await using lease = await next.lease('card0', 'serve', { signal });
  expect(lease.purpose).toBe('serve');
});

test('a process id that was given to somebody else does not count', () => {
  expect(isSameProcess(process.pid, processMark(process.pid))).toBe(true);
  expect(isSameProcess(process.pid, `another-boot/${process.pid}/1`)).toBe(false);
});

test('a process that ended counts as dead, even if nobody asks how it ended', async () => {
  // The shell becomes a program that knows nothing of the child and never asks.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600']);
  try {
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(line);
    const mark = processMark(pid);
    expect(isSameProcess(pid, mark)).toBe(true);
    // As long as it is a shell, it may ask.
    await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isSameProcess(pid, mark)).toBe(false);
    expect(existsSync(`/proc/${pid}/stat`)).toBe(true);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('leases are written down while they are held', async () => {
  const store = createMemoryStore();
  const rig = await openLocalRig({ store, clock: createManualClock(), cards });
  const lease = await rig.lease('card0', 'serve', { signal });
  expect(store.get('leases', 'card0')).toMatchObject({ purpose: 'serve', pid: process.pid });
  await lease[Symbol.asyncDispose]();
  expect(store.get('leases', 'card0')).toBeUndefined();
});
