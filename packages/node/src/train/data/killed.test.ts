/** A process that is killed while it prepares data, again and again, ends with what one has that is left alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const WRITER = fileURLToPath(new URL('../../../../../test/kit/data-crash-writer.ts', import.meta.url));

/** What it printed last; it gets SIGKILL once it has said so many steps. */
async function run(folder: string, source: string, stepsMax: number): Promise<string> {
  const child = spawn(process.execPath, [WRITER, folder, source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let last = '';
  let steps = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (++steps === stepsMax) child.kill('SIGKILL');
  }
  await exited;
  return last;
}

test('the same shards come of a run that is killed again and again', { timeout: 120_000 }, async () => {
  const base = mkdtempSync(join(tmpdir(), 'filon-killed-'));
  try {
    const source = join(base, 'a.jsonl');
    const textOf = (at: number): string => JSON.stringify({ text: `text ${at} ${'words '.repeat(at % 40)}` });
    writeFileSync(source, Array.from({ length: 600 }, (_, at) => textOf(at)).join('\n'));
    const expected = await run(join(base, 'whole'), source, Number.POSITIVE_INFINITY);
    expect(JSON.parse(expected).splits.train.shards.length).toBeGreaterThan(10);
    let last = '';
    let runs = 0;
    for (; !last.startsWith('{'); runs++) last = await run(join(base, 'killed'), source, 3 + 2 * (runs % 3));
    expect(runs).toBeGreaterThan(2);
    expect(last).toBe(expected);
    expect(readdirSync(join(base, 'killed'))).toEqual([JSON.parse(expected).id]);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
