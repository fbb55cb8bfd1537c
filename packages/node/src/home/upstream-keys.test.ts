import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createUpstreamKeyFiles, readUpstreamKey } from './upstream-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'filon-upstream-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string, mode = 0o600): string {
  const path = join(folder, 'given.key');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('keys are kept where only their user reads them, and are gone when they are deleted', () => {
  const keys = createUpstreamKeyFiles(join(folder, 'upstreams'));
  expect(keys.get('a')).toBeNull();
  keys.put('a', 'sk-1');
  keys.put('a', 'sk-2');
  expect(keys.get('a')).toBe('sk-2');
  expect(readFileSync(join(folder, 'upstreams', 'a.key'), 'utf8')).toBe('sk-2\n');
  expect(statSync(join(folder, 'upstreams', 'a.key')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'upstreams')).mode & 0o777).toBe(0o700);
  keys.delete('a');
  keys.delete('a');
  expect(keys.get('a')).toBeNull();
});

test.each([0o640, 0o604, 0o660])('a key that others may read is refused: %o', (mode) => {
  expect(() => readUpstreamKey(fileWith('sk-1', mode))).toThrow(
    expect.objectContaining({ code: 'HOME_KEY', message: expect.stringContaining('chmod 600') }),
  );
});

test.each(['', '\n', 'two words', 'sk-1\r\nx-evil: 1', 'clé', 'x'.repeat(4097)])(
  'a file that holds no key is refused, and not repeated',
  (text) => {
    expect(() => readUpstreamKey(fileWith(text))).toThrow(
      expect.objectContaining({ code: 'HOME_KEY', message: expect.not.stringContaining('evil') }),
    );
  },
);

test('a key may have a newline behind it, and must be there', () => {
  expect(readUpstreamKey(fileWith('sk-1\n', 0o400))).toBe('sk-1');
  expect(() => readUpstreamKey(join(folder, 'none.key'))).toThrow('is not there');
});
