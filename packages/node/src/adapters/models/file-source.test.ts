import { stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createFileSource } from './file-source.ts';

test('a pull that is given up before it reads leaves no error that nobody handles', async () => {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on('uncaughtException', note);
  try {
    const stop = new AbortController();
    const source = createFileSource({ text: 'file:this', path: import.meta.filename });
    const request = {
      offset: 0,
      identity: null,
      expectedBytes: null,
      workFolder: '',
      onProgress: () => undefined,
    };
    await source.open({ ...request, signal: stop.signal });
    stop.abort();
    // An opened file is told of by the pool of threads, as these are.
    for (let turn = 0; turn < 20; turn++) {
      await stat(import.meta.filename);
      await nextTurn();
    }
    expect(errors).toEqual([]);
  } finally {
    process.off('uncaughtException', note);
  }
});
