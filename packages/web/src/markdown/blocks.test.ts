import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_CHARACTERS_MAX, blocksOf, plainPieces } from './blocks.ts';

const kinds = (text: string): string[] => blocksOf(text).blocks.map(({ kind }) => kind);
const lines = fc.array(
  fc.constantFrom(
    '',
    'word',
    '```',
    '```js',
    '~~~',
    '- item',
    '  more',
    '    code',
    '$$',
    '> said',
    '# head',
    '| a |',
  ),
  { maxLength: 40 },
);

describe('blocks', () => {
  test('are what empty lines part', () =>
    expect(kinds('one\ntwo\n\n\nthree')).toEqual(['markdown', 'markdown']));

  test('keep lists, quotes and formulas whole', () => {
    expect(kinds('1. one\n\n   more\n\n2. two')).toHaveLength(1);
    expect(kinds('- one\n\n  ```\n  code\n  ```\n\n- two')).toHaveLength(1);
    expect(kinds('$$\na\n\nb\n$$\n\nrest')).toEqual(['markdown', 'markdown']);
    expect(kinds('- one\n\nafter')).toEqual(['markdown', 'markdown']);
  });

  test('take code out as it is, though it has not ended', () => {
    expect(blocksOf('so:\n```py\na\n\nb\n```\nend').blocks).toEqual([
      { kind: 'markdown', text: 'so:' },
      { kind: 'code', language: 'py', text: 'a\n\nb' },
      { kind: 'markdown', text: 'end' },
    ]);
    expect(blocksOf('```\n<script>').blocks).toEqual([{ kind: 'code', language: '', text: '<script>' }]);
    expect(blocksOf('````\n```\n````').blocks).toEqual([{ kind: 'code', language: '', text: '```' }]);
  });

  test('that are too long are not read as Markdown', () => {
    expect(kinds('x'.repeat(BLOCK_CHARACTERS_MAX + 1))).toEqual(['plain']);
    expect(kinds('| a | b |\n'.repeat(BLOCK_CHARACTERS_MAX))).toEqual(['plain']);
  });

  test('that are too deep are not either', () => {
    expect(kinds('> '.repeat(30))).toEqual(['plain']);
    expect(kinds('- > 1. '.repeat(10))).toEqual(['plain']);
    expect(kinds(`> > said\n${'-'.repeat(80)}`)).toEqual(['markdown']);
  });

  test('share the definitions of links', () => {
    expect(blocksOf('see [a]\n\n[a]: https://a.example\n').definitions).toBe('[a]: https://a.example');
  });

  test('lose nothing but empty lines and fences', () => {
    fc.assert(
      fc.property(lines, (text) => {
        const { blocks } = blocksOf(text.join('\n'));
        const kept = blocks.map((block) => block.text).join('\n');
        const words = (all: string): string[] => all.match(/word|item|more|code|said|head|\| a \|/g) ?? [];
        expect(words(kept)).toEqual(words(text.join('\n')));
      }),
    );
  });

  test('stay as they are while a text grows, but for the last two', () => {
    fc.assert(
      fc.property(lines, fc.nat(), (text, draw) => {
        const whole = blocksOf(text.join('\n')).blocks;
        const before = blocksOf(text.slice(0, draw % (text.length + 1)).join('\n')).blocks;
        expect(whole.slice(0, Math.max(0, before.length - 1))).toEqual(before.slice(0, -1));
      }),
    );
  });

  test('with emphasis in emphasis are plain where no stack would do, and only there', () => {
    const kinds = (text: string): string[] => blocksOf(text).blocks.map(({ kind }) => kind);
    for (const mark of ['*', '**', '_', '~~']) {
      expect(kinds(`${mark}a `.repeat(2_000))).toEqual(['plain']);
      expect(kinds(`(${mark}a`.repeat(2_000))).toEqual(['plain']);
    }
    for (const text of [
      '**Ore** and _tin_, 2*3*4 and snake_case_name. ',
      '- **Ore**: a\n',
      'a * b ',
      '"*a*" ',
    ]) {
      expect(kinds(text.repeat(300))).toEqual(['markdown']);
    }
  });

  test('that are plain are shown in pieces, with whole characters', () => {
    fc.assert(
      fc.property(fc.nat(5), (shift) => {
        const text = `${'x'.repeat(shift)}${'⛏😀'.repeat(5_000)}`;
        const pieces = plainPieces(text);
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        expect(pieces.length).toBeGreaterThan(1);
        expect(pieces.every((piece) => piece.text.isWellFormed())).toBe(true);
      }),
    );
  });
});
