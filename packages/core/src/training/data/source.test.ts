import { describe, expect, test } from 'vitest';
import { formatOfName, parseDataSource } from './source.ts';

describe('parseDataSource', () => {
  test.each([
    ['file:texts/a b.csv', { kind: 'file', path: 'texts/a b.csv' }],
    ['file:///home/me/a%20b', { kind: 'file', path: '/home/me/a b' }],
    ['https://host/x.jsonl', { kind: 'https', url: 'https://host/x.jsonl' }],
    ['hf:owner/repo', { kind: 'hf', repo: 'owner/repo', path: '' }],
    ['hf:datasets/owner/repo/data/x.parquet', { kind: 'hf', repo: 'owner/repo', path: 'data/x.parquet' }],
  ])('reads %s', (text, address) => expect(parseDataSource(text)).toEqual(address));

  test.each([
    'pip:x==1!y',
    '/home/me',
    'file:',
    'file:///a%zz',
    'file:a\0b',
    'https://me:secret@host/x',
    'https://',
    'hf:owner',
    'hf:../x',
    'hf:o/r/../../x',
    `hf:o/${'r'.repeat(1024)}`,
  ])('refuses %s', (text) => {
    expect(() => parseDataSource(text)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ code: 'DATA_SOURCE_INVALID' }) }),
    );
  });
});

test.each([
  ['a.jsonl', 'jsonl'],
  ['A.TSV', 'csv'],
  ['b/c.parquet', 'parquet'],
  ['d.md', 'text'],
  ['e.pdf', 'pdf'],
  ['f.bin', null],
])('formatOfName(%s)', (name, format) => expect(formatOfName(name)).toBe(format));
