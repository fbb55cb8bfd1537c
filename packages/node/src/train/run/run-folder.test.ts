/** What lies in a run's folder may be anything: it is read as what it is, or not at all. */
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunFolder, sha256Of } from './run-folder.ts';

let folder = '';
let run: RunFolder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-run-folder-'));
  run = new RunFolder(folder);
  await run.prepare();
});
afterEach(() => rm(folder, { recursive: true }));

const LINEAGE = {
  ...{ run: 'small-1', recipeSha256: sha256Of('a'), manifest: sha256Of('b'), tokenizer: sha256Of('c') },
  base: null,
};

/** `text` is the state. */
const add = (step: number, text: string) =>
  run.addCheckpoint(
    async (path) => {
      await writeFile(path, text);
      return { sha256: sha256Of(text), bytes: text.length };
    },
    { ...LINEAGE, step, position: { epoch: 0, index: step }, numericClass: 'x', metricsBytes: 0 },
    { keep: 2, stateBytes: text.length },
  );

test('checkpoints are found newest first, older ones go, and one state of two checkpoints stays', async () => {
  for (const step of [1, 2, 3]) await add(step, 'same');
  await add(4, 'other');
  expect((await run.checkpoints()).map(({ step }) => step)).toEqual([4, 3]);
  expect(await readdir(join(folder, 'checkpoints'))).toHaveLength(4);
  for (const checkpoint of await run.checkpoints()) expect(await run.isWhole(checkpoint)).toBe(true);
});

test('what a killed save left goes at the next start, and nothing else does', async () => {
  await add(1, 'kept');
  const place = join(folder, 'checkpoints');
  for (const name of ['saving', 'saving.partial', `${sha256Of('x')}.state`, '00000002.json.new'])
    await writeFile(join(place, name), 'x');
  await new RunFolder(folder).prepare();
  expect((await readdir(place)).toSorted()).toEqual(
    ['00000001.json', `${sha256Of('kept')}.state`].toSorted(),
  );
});

test('records, checkpoints and metrics that are none are as if not there', async () => {
  await add(7, 'good');
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom(
      '{"format":1}',
      '{"format":1,"step":9,"state":{"sha256":"../../x","bytes":1}}',
      '[]',
      'null',
    ),
  );
  await fc.assert(
    fc.asyncProperty(text, async (rubbish) => {
      await writeFile(join(folder, 'run.json'), rubbish);
      await writeFile(join(folder, 'checkpoints', '00000009.json'), rubbish);
      await writeFile(run.metricsPath, rubbish);
      expect(await run.readRecord()).toBeNull();
      expect((await run.checkpoints()).map(({ step }) => step)).toEqual([7]);
      expect(await run.metrics(1000)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a checkpoint whose record was changed, or whose state was cut, is none', async () => {
  const { id, ...content } = await add(1, 'a state');
  const path = join(folder, 'checkpoints', '00000001.json');
  await writeFile(path, JSON.stringify({ id, ...content, step: 2 }));
  expect(await run.checkpoints()).toEqual([]);
  const whole = { id, ...content };
  await writeFile(path, JSON.stringify(whole));
  expect(await run.checkpoints()).toEqual([whole]);
  await truncate(run.statePath(content.state), 3);
  expect(await run.isWhole(whole)).toBe(false);
});

test('metrics are cut to where a checkpoint was, and a line that a kill broke goes', async () => {
  const line = (step: number) => ({ kind: 'validation', step, loss: 1 / 3, tokens: 3 }) as const;
  let bytes = 0;
  {
    await using metrics = await run.openMetrics(0);
    await metrics.add(line(1));
    bytes = metrics.bytes;
    await metrics.add(line(2));
  }
  await writeFile(run.metricsPath, '{"kind":"val', { flag: 'a' });
  {
    await using metrics = await run.openMetrics(bytes);
    await metrics.add(line(2));
    await metrics.add(line(3));
  }
  expect(await run.metrics(10_000)).toEqual([line(1), line(2), line(3)]);
  expect(await run.metrics(bytes + 5)).toEqual([line(3)]);
});
