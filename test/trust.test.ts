/** The trust list as people keep it: with a node that runs, without one, and while one starts. */
import { createControlClient } from '@filon/node/control/client';
import { homePaths } from '@filon/node/home/paths';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestHome, type TestHome } from './kit/filon.ts';
import { keyNamed } from './kit/swarm-keys.ts';

let home: TestHome;
beforeEach(() => {
  home = openTestHome();
});
afterEach(() => home[Symbol.asyncDispose]());

const never = { signal: new AbortController().signal };
const [anna, ben, cleo] = ['anna', 'ben', 'cleo'].map((name) => ({ name, key: keyNamed(name).key }));
if (!anna || !ben || !cleo) throw new TypeError('three operators');

async function said(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await home.run(words);
  expect({ words, code, stderr: code === 0 ? '' : stderr }).toEqual({ words, code: 0, stderr: '' });
  return stdout;
}

const add = (one: { name: string; key: string }): Promise<string> =>
  said('trust', 'add', one.key, '--name', one.name);
const listed = async (): Promise<string[]> => {
  const list = JSON.parse(await said('trust', 'ls', '--json')) as { name: string }[];
  return list.map(({ name }) => name).sort();
};

test('is kept without a node, by commands that come at the same time as well', async () => {
  expect(await said('trust', 'ls')).toContain('Nobody is trusted');
  await Promise.all([add(anna), add(ben), add(cleo)]);
  expect(await listed()).toEqual(['anna', 'ben', 'cleo']);
  await said('trust', 'rm', 'ben');
  expect(await listed()).toEqual(['anna', 'cleo']);
  expect((await home.run(['trust', 'rm', 'ben'])).stderr).toContain('CONTROL_NODE_UNKNOWN');
  expect((await home.run(['trust', 'add', 'nobody-known'])).stderr).toContain('CONTROL_NODE_UNKNOWN');
});

test('takes a key that begins with a dash', async () => {
  const names = Array.from({ length: 2000 }, (_, i) => `operator ${i}`);
  const dashed = names.map((name) => keyNamed(name).key).find((key) => key.startsWith('-'));
  await add({ name: 'dash', key: dashed ?? '' });
  expect(await listed()).toEqual(['dash']);
  await said('trust', 'rm', dashed ?? '');
  expect(await listed()).toEqual([]);
});

test('is one list, whether it was written before the node started, while it did, or through it', async () => {
  await add(anna);
  const running = home.start(['up', '--json', '--no-model']);
  // The node has the home before it hears commands: this one waits for it.
  await add(ben);
  await running.event('ready');
  const control = createControlClient(homePaths(home.home));
  await add(cleo);
  expect((await control.trusted({}, never)).map(({ name }) => name).sort()).toEqual(['anna', 'ben', 'cleo']);
  await said('trust', 'rm', 'anna');
  running.child.kill('SIGKILL');
  await running.ended;
  expect(await listed()).toEqual(['ben', 'cleo']);
});
