import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { endOf } from './child-end.ts';

class Child extends EventEmitter {
  connected = true;
}

test('a child has ended when what it sent last has come, even after its exit', async () => {
  const child = new Child();
  let ended = '';
  void endOf(child).then((how) => {
    ended = how;
  });
  child.emit('exit', 0, null);
  await nextTurn();
  expect(ended).toBe('');
  child.connected = false;
  child.emit('disconnect');
  await nextTurn();
  expect(ended).toBe('0');
});

test.each([
  ['exit', [3, null], '3'],
  ['exit', [null, 'SIGKILL'], 'SIGKILL'],
  ['error', [new Error('no such file')], 'no such file'],
] as const)('%s %j is told as %s', async (event, args, how) => {
  const child = new Child();
  child.connected = false;
  const end = endOf(child);
  child.emit(event, ...args);
  expect(await end).toBe(how);
  // A second error, such as one of a kill, is no news.
  child.emit('error', new Error('late'));
});
