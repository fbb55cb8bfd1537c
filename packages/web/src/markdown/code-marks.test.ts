import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CodeMark, MARKED_CHARACTERS_MAX, markedCode } from './code-marks.ts';

const marked = (code: string, language: string): [CodeMark | null, string][] =>
  markedCode(code, language)
    .filter(({ mark }) => mark !== null)
    .map(({ mark, text }) => [mark, text]);

describe('code', () => {
  test('of Python', () => {
    expect(marked('def f(x):  # why\n    """Doc."""\n    return g("a#b", 1.5)', 'python')).toEqual([
      ['word', 'def'],
      ['call', 'f'],
      ['comment', '# why'],
      ['text', '"""Doc."""'],
      ['word', 'return'],
      ['call', 'g'],
      ['text', '"a#b"'],
      ['number', '1.5'],
    ]);
  });

  test('of the family of C', () => {
    expect(marked("const a = `x {1}\n`; // it's\n/* open 2", 'TS')).toEqual([
      ['word', 'const'],
      ['text', '`x {1}\n`'],
      ['comment', "// it's"],
      ['comment', '/* open 2'],
    ]);
  });

  test('of SQL, in whatever case', () => {
    expect(marked("SELECT a FROM b -- c\nwhere d = 'e'", 'sql').map(([mark]) => mark)).toEqual([
      ...['word', 'word', 'comment', 'word', 'text'],
    ]);
  });

  test('of a language that is not known, or of great length, is left as it is', () => {
    for (const language of ['', 'text', 'constructor', '__proto__']) {
      expect(markedCode('if 1', language)).toEqual([{ at: 0, text: 'if 1', mark: null }]);
    }
    expect(markedCode('1 '.repeat(MARKED_CHARACTERS_MAX), 'js')).toHaveLength(1);
  });

  test('is all there, whatever it is', () => {
    const part = fc.constantFrom(
      '"',
      "'",
      '`',
      '\\',
      '#',
      '/',
      '*',
      '-',
      '\n',
      'if',
      'f(',
      '0x1f',
      'ñ',
      '😀',
      ' ',
    );
    const code = fc.oneof(
      fc.string(),
      fc.array(part).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(code, fc.constantFrom('py', 'js', 'sql'), (text, language) => {
        const pieces = markedCode(text, language);
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        expect(pieces.every((piece) => text.startsWith(piece.text, piece.at))).toBe(true);
      }),
    );
  });
});
