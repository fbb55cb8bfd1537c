import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer, question } from './messages.fixture.ts';
import { inputOf, questionOf, titleOf } from './prompt.ts';

describe('what is sent', () => {
  test('is the line of messages, without answers that say nothing', () => {
    const line = [question('q'), answer('a', 'q', { text: '' }), question('r', { parent: 'a' })];
    expect(inputOf(line)).toEqual([
      { role: 'user', content: 'question q' },
      { role: 'user', content: 'question r' },
    ]);
  });

  test('has each file in a fence that its text cannot end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('`', '```', '````', '\n', 'a', ' ')), (parts) => {
        const text = parts.join('');
        const content = questionOf({
          text: 'so?',
          attachments: [{ name: 'f.csv', text, leftOutCharacters: null }],
        });
        const fence = /^f\.csv:\n(`+)\n/.exec(content)?.[1] ?? '';
        const inside = content.slice(
          `f.csv:\n${fence}\n`.length,
          content.length - `\n${fence}\n\nso?`.length,
        );
        expect(inside).toBe(text);
        expect(inside.split('\n').every((line) => !line.includes(fence))).toBe(true);
      }),
    );
  });
});

test('a title is the beginning of the first line', () => {
  expect(titleOf('  What is ore?\nAnd more')).toBe('What is ore?');
  expect(titleOf(`${'word '.repeat(40)}`)).toMatch(/^(word )+word…$/);
  expect([...titleOf('⛏'.repeat(200))].length).toBe(61);
  expect(titleOf('')).toBe('');
});
