/** The events that the sources log are those of docs/protocol/log.md. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = dirname(import.meta.dirname);
const CALL = /\blog\.(debug|info|warn|error)\(\s*'([^']*)'/g;
/** Written by the log itself. */
const OWN = 'warn log.lost';

function logged(): string[] {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).filter(
    (path) => !path.endsWith('.test.ts'),
  );
  return files.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(CALL)].map(([, level, event]) => `${level} ${event}`),
  );
}

function documented(): string[] {
  const page = readFileSync(join(root, 'docs', 'protocol', 'log.md'), 'utf8');
  return [...page.matchAll(/^\| `([a-z.-]+)` \| (\w+) \|/gm)].map(([, event, level]) => `${level} ${event}`);
}

test('have one form, and are all on the page', () => {
  const events = [...new Set([...logged(), OWN])].sort();
  expect(events.length).toBeGreaterThan(10);
  for (const event of events) expect(event).toMatch(/^\w+ [a-z]+(\.[a-z]+(-[a-z]+)*)+$/);
  expect(documented().sort()).toEqual(events);
});
