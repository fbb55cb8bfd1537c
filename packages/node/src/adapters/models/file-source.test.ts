import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

/** In a thread of its own: an error that nobody handles ends it. */
const GIVEN_UP = `
import { createFileSource } from ${JSON.stringify(new URL('./file-source.ts', import.meta.url).href)};
const source = createFileSource({ text: 'file:this', path: ${JSON.stringify(import.meta.filename)} });
await source.open({ offset: 0, identity: null, signal: AbortSignal.abort() });
for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
`;

test('a pull that was given up while its file opened ends nothing else', async () => {
  const thread = new Worker(GIVEN_UP, { eval: true, execArgv: ['--input-type=module'] });
  const errors: unknown[] = [];
  thread.on('error', (error) => errors.push(error));
  await once(thread, 'exit');
  await nextTurn();
  expect(errors).toEqual([]);
});
