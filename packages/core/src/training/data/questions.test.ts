import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { languageOf } from './language.ts';
import { pairLanguage, pairsOfRow, pairsOfText } from './questions.ts';

describe('pairs of rows', () => {
  test('say what each cell says, about the name of the row', () => {
    const pairs = pairsOfRow({ sku: 'A1', name: 'Blue lamp', price: 12, stock: '' }, 'en');
    expect(pairs.map(({ completion }) => completion)).toEqual(['A1', '12', 'sku: A1\nprice: 12']);
    expect(pairs.every(({ prompt }) => prompt.includes('Blue lamp'))).toBe(true);
  });
  test('need two cells', () => expect(pairsOfRow({ name: 'x', price: '' }, 'en')).toEqual([]));
});

describe('pairs of texts', () => {
  test('are made of headings', () => {
    const text =
      '# Returns\n\nThirty days.\nWith the receipt.\n\n## Shipping\nTwo days.\n\nOpening hours\n\nNine to five.';
    const pairs = pairsOfText(text, 'en');
    expect(pairs.map(({ completion }) => completion)).toEqual([
      'Thirty days.\nWith the receipt.',
      'Two days.',
      'Nine to five.',
    ]);
    expect(pairs[0]?.prompt).toContain('Returns');
  });
  test('are made of questions that the text answers', () => {
    const text =
      'P: ¿Hacen envíos a Canarias?\nR: Sí, en cinco días.\n\n¿Puedo devolverlo sin caja?\nNo. Hace falta la caja.';
    expect(pairsOfText(text, 'es')).toEqual([
      { prompt: '¿Hacen envíos a Canarias?', completion: 'Sí, en cinco días.' },
      { prompt: '¿Puedo devolverlo sin caja?', completion: 'No. Hace falta la caja.' },
    ]);
  });
  test('end at a rule', () =>
    expect(pairsOfText('# Head\nabove\n\n---\nbelow', 'en')).toMatchObject([{ completion: 'above' }]));
  test('are none of running text', () =>
    expect(pairsOfText('It was late. He left.\nNobody came.', 'en')).toEqual([]));
});

test('answers are copied, whatever the source is, and the same each time', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('# Head', 'Why is it so?', '', '- a', '---', '1. Next'),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 30 }),
      fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer())),
      (lines, row) => {
        const text = lines.join('\n');
        const squeezed = (value: string): string => value.replace(/\s+/g, '');
        for (const { completion } of pairsOfText(text, 'en'))
          expect(squeezed(text)).toContain(squeezed(completion));
        for (const { completion } of pairsOfRow(row, 'es'))
          for (const part of completion.split('\n'))
            expect(
              Object.entries(row)
                .map(([name, value]) => `${name.trim()}: ${String(value).trim()}`)
                .join('\n'),
            ).toContain(part);
        expect(pairsOfText(text, 'en')).toEqual(pairsOfText(text, 'en'));
      },
    ),
  );
});

test.each([
  ['The invoice is sent by mail to the address that was given.', 'en'],
  ['La factura se envía por correo a la dirección que nos dio el cliente.', 'es'],
  ['La facture est envoyée par courrier à l’adresse qui a été donnée dans le contrat.', 'fr'],
  ['xkcd 42 foo', null],
])('languageOf(%j)', (text, language) => expect(languageOf(text)).toBe(language));

test('pairLanguage is English where it cannot tell', () => expect(pairLanguage('12')).toBe('en'));
