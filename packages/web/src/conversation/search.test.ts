import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { excerptOf, fold } from './search.ts';

describe('a search', () => {
  test.each([
    ['LA VETA DE MINERAL', 'mineral'],
    ['una canción', 'CANCION'],
    ['una cancion', 'canción'],
    ['Ñandú', 'nandu'],
  ])('finds in %s %s', (text, query) => expect(excerptOf(text, fold(query))).not.toBeNull());

  test('shows the place with what is around it', () => {
    const text = `${'a'.repeat(100)} ore\n${'b'.repeat(100)}`;
    expect(excerptOf(text, 'ore')).toEqual({
      before: `…${'a'.repeat(31)} `,
      match: 'ore',
      after: ` ${'b'.repeat(31)}…`,
    });
  });

  test('says nothing where there is nothing', () => {
    expect(excerptOf('ore', 'tin')).toBeNull();
    expect(excerptOf('ore', '')).toBeNull();
  });

  test('keeps places: folded text is as long as the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fold(text)).toHaveLength(text.length);
      }),
    );
  });

  test('finds every part of a text in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), (text, draw) => {
        const from = draw % text.length;
        expect(excerptOf(text, fold(text.slice(from, from + 5)))).not.toBeNull();
      }),
    );
  });
});
