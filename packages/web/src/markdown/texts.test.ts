import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withFormulas } from './formulas.ts';
import { outsideLink, visibleText } from './safe-text.ts';
import { sentencesEnd, spokenText } from './sentences.ts';

const ANY_UNIT = fc.integer({ min: 0, max: 0x2100 }).map((code) => String.fromCharCode(code));

describe('formulas', () => {
  test.each([
    ['$x$ and $y_1$', '$$x$$ and $$y_1$$'],
    ['\\(a\\) and \\[b\\] here', '$$a$$ and $$b$$ here'],
    ['\\[\na\nb\n\\]', '$$\na\nb\n$$'],
    ['  $$a = b$$', '  $$\n  a = b\n  $$'],
  ])('in %j', (text, expected) => expect(withFormulas(text)).toBe(expected));

  test.each(['$5 and $10', 'from $5 to 10$', '`$x$`', '``a ` $x$``', 'US$ 5', '\\$x\\$', 'a$b$c'])(
    'are not in %j',
    (text) => expect(withFormulas(text)).toBe(text),
  );
});

describe('what is shown', () => {
  test('has no character that turns the order around, and none that is not seen', () => {
    expect(visibleText('a\u202Eb\u2066c\0d\u001b[31m\te\n')).toBe(
      'a⟦U+202E⟧b⟦U+2066⟧c\uFFFDd\uFFFD[31m\te\n',
    );
    fc.assert(
      fc.property(fc.string({ unit: ANY_UNIT }), (text) => {
        expect(visibleText(text)).not.toMatch(/[\u202A-\u202E\u2066-\u2069]|(?![\t\n\r])\p{Cc}/u);
      }),
    );
  });

  test('leaves writing from right to left alone', () =>
    expect(visibleText('שלום\u200F عالم')).toBe('שלום\u200F عالم'));
});

describe('a link', () => {
  test.each(['https://a.example/b?c#d', 'http://a.example/', 'mailto:a@b.example'])(
    'leads to %s',
    (address) => expect(outsideLink(address)).toBe(address),
  );

  test.each([
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://a.example/1',
    '//a.example',
    '/v1/models',
    '#/chat',
    '',
    undefined,
  ])('does not lead to %s', (address) => expect(outsideLink(address)).toBeNull());
});

describe('what is spoken', () => {
  test('is whole sentences', () => {
    const text = 'One. Two is 3.5 long! And th';
    expect(text.slice(0, sentencesEnd(text, 0))).toBe('One. Two is 3.5 long!');
    expect(sentencesEnd('no end', 0)).toBe(0);
    expect(sentencesEnd('One. Two. ', 4)).toBe(9);
  });

  test('has no marks', () => expect(spokenText('## A **b** `c` [d](https://e)')).toBe('A b c d'));

  test('comes to every end once, however the text grows', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '. ', '! ', '\n', ' ', '.')), (parts) => {
        let spoken = 0;
        let text = '';
        for (const part of parts) {
          text += part;
          const end = sentencesEnd(text, spoken);
          expect(end).toBeGreaterThanOrEqual(spoken);
          spoken = end;
        }
        expect(spoken).toBe(sentencesEnd(text, 0));
      }),
    );
  });
});
