import { expect, test } from 'vitest';
import { loraName } from './lora.ts';

const nameOf = (base: string, name: string): string =>
  loraName('file:/loras/Poet v2.gguf', { base, name, taken: [] });

test('a LoRA is called after its base, and with it no longer than announcements take', () => {
  const base = 'b'.repeat(63);
  expect(nameOf(base, 'x'.repeat(64))).toHaveLength(128);
  expect(() => nameOf(base, 'x'.repeat(65))).toThrow(/at most 64; choose one with --as/);
  for (const name of ['', 'A', 'a:b', 'a/b', '-a']) {
    expect(() => nameOf('tiny', name)).toThrow(expect.objectContaining({ code: 'MODEL_LORA_REFUSED' }));
  }
});

test('without a name it has that of its file, with a number where another has it', () => {
  const source = 'file:/loras/Poet v2.gguf';
  const named = (taken: { name: string; source: string }[]): string =>
    loraName(source, { base: 'tiny', name: null, taken });
  expect(named([])).toBe('tiny:poet-v2');
  expect(named([{ name: 'tiny:poet-v2', source: 'file:/other.gguf' }])).toBe('tiny:poet-v2-2');
  expect(named([{ name: 'tiny:poet-v2', source }])).toBe('tiny:poet-v2');
  expect(named([{ name: 'poet-v2', source: 'file:/other.gguf' }])).toBe('tiny:poet-v2');
});
