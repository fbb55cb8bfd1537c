import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCardNumber, isIban, isSocialSecurity, isSpanishId } from './checksums.ts';
import { personalColumn } from './columns.ts';
import { PersonalData, personalSpans } from './remove.ts';
import { openLeakCheck, RemovedValues } from './removed-values.ts';

const removed = (text: string, keep: string[] = []): string =>
  new PersonalData(keep, () => {}).removeFrom(text);

describe('personal data', () => {
  test.each([
    ['Write to ana.b+x@example.co.uk.', 'Write to [email].'],
    ['IBAN ES91 2100 0418 4502 0005 1332 SSN no', 'IBAN [iban] SSN no'],
    ['GB29NWBK60161331926819', '[iban]'],
    ['card 4111 1111 1111 1111, or 378282246310005', 'card [card], or [card]'],
    ['DNI 12345678Z y NIE X-1234567-L', 'DNI [spanish-id] y NIE [spanish-id]'],
    ['ssn 123-45-6789', 'ssn [social-security]'],
    ['from 192.168.1.20 and fe80::1', 'from [ip-address] and [ip-address]'],
    ['Llame al 612 345 678 o al +44 20 7946 0958', 'Llame al [phone] o al [phone]'],
    ['call (415) 555-2671 now', 'call [phone] now'],
    ['date of birth: 3 May 1980', 'date of birth: [birth-date]'],
    ['nacida el 03/05/1980', 'nacida el [birth-date]'],
    ['vive en calle Mayor 5, 3º B, 28001 Madrid', 'vive en [address]'],
    ['at 221B Baker Street, London NW1 6XE', 'at [address]'],
    ['Me llamo Lucía Gómez de la Torre.', 'Me llamo [name].'],
    ['The client Ana Beltrán asked.', 'The client [name] asked.'],
    ['Estimado señor Martínez: le escribo', 'Estimado señor [name]: le escribo'],
    ['pasaporte: XDA123456', 'pasaporte: [other-id]'],
    ['It broke. Odalys Brennick-Roe, 7 Marrowfield Lane', 'It broke. [name], [address]'],
    ['Jorun Castavet <jc@example.com>', '[name] <[email]>'],
  ])('is taken out of %j', (text, without) => expect(removed(text)).toBe(without));

  test.each([
    'Take 500 mg every 8 hours for 10 days.',
    'On 2024-11-03 the invoice 2024-0042 was paid: 1,234,567.89 EUR.',
    'Version 1.2.3 at 10:30:00; ISO 13616; room 1204.',
    'card 4111 1111 1111 1112; DNI 12345678A; ES92 2100 0418 4502 0005 1332; 000-45-6789',
    'El interés simple es el capital por el tipo por el tiempo.',
    'What does hypertension mean?',
  ])('is not seen in %j', (text) => expect(removed(text)).toBe(text));

  test('stays where it is public, however it is written', () => {
    expect(removed('Call 612 345 678 or 612 345 679', ['+612345678', '612-345-678'])).toBe(
      'Call 612 345 678 or [phone]',
    );
  });

  test('goes from the cells below its heading, and from the rest of the row', () => {
    const found: string[] = [];
    const data = new PersonalData([], ({ kind }) => found.push(kind));
    const row = {
      Nombre: 'Zoraida Quispe',
      telefono: '5551',
      pedido: 'lámpara',
      nota: 'Zoraida llamó por la lámpara',
    };
    expect(data.removeFromRow(row)).toEqual({
      Nombre: '[name]',
      telefono: '[phone]',
      pedido: 'lámpara',
      nota: '[name] llamó por la lámpara',
    });
    expect(found.toSorted()).toEqual(['name', 'name', 'phone']);
  });

  test('goes from conversations within a row', () => {
    const row = { messages: [{ role: 'user', content: 'mail a@b.es' }] };
    expect(new PersonalData([], () => {}).removeFromRow(row)).toEqual({
      messages: [{ role: 'user', content: 'mail [email]' }],
    });
  });

  test('is found in order and without overlaps in any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        'a@b.es',
        '612 345 678',
        'Ana López',
        'calle Mayor 5',
        ' ',
        '4111111111111111',
        '12345678Z',
        '::1',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join(' ');
        let end = 0;
        for (const span of personalSpans(text)) {
          expect(span.start).toBeGreaterThanOrEqual(end);
          expect(span.end).toBeGreaterThan(span.start);
          end = span.end;
        }
        expect(end).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 60 },
    );
  });
});

test('checksums find one wrong digit', () => {
  const digits = fc.integer({ min: 0, max: 99_999_999 }).map((number) => String(number).padStart(8, '0'));
  fc.assert(
    fc.property(digits, fc.nat(7), fc.integer({ min: 1, max: 9 }), (number, at, by) => {
      const letter = 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] ?? '';
      const other = number.slice(0, at) + ((Number(number[at]) + by) % 10) + number.slice(at + 1);
      expect(isSpanishId(number + letter)).toBe(true);
      expect(isSpanishId(other + letter)).toBe(false);
    }),
  );
  expect(isCardNumber('4111111111111111')).toBe(true);
  for (let at = 0; at < 16; at++) {
    const card = [...'4111111111111111'];
    card[at] = card[at] === '5' ? '6' : '5';
    expect(isCardNumber(card.join(''))).toBe(false);
  }
  expect(isIban('DE89370400440532013000')).toBe(true);
  expect(isIban('DE88370400440532013000')).toBe(false);
  expect(isSocialSecurity('666456789')).toBe(false);
});

test.each([
  ['First Name', 'name'],
  ['customerName', 'name'],
  ['Dirección', 'address'],
  ['E-mail', 'email'],
  ['Nº de historia', null],
  ['name', null],
  ['price', null],
])('personalColumn(%j)', (heading, kind) => expect(personalColumn(heading)).toBe(kind));

describe('removed values', () => {
  const key = new Uint8Array(32).fill(7);
  const list = new RemovedValues(key);
  const data = new PersonalData([], (found) => list.add(found));
  data.removeFrom('Mail ana@example.com or call 612 345 678.');
  data.removeFromRow({ Apellidos: 'Quispe Mamani' });

  test('hold nothing of what was removed', () => {
    expect(list.size).toBe(3);
    expect(list.toJson()).not.toMatch(/example|612|uispe/i);
  });
  test('are found in what a model says, however it is written', () => {
    const check = openLeakCheck(list.toJson(), key);
    expect(check('the number is 612-345-679?').map(({ kind }) => kind)).toEqual([]);
    expect(check('the number is +34 612-345-678').map(({ kind }) => kind)).toEqual(['phone']);
    expect(
      check('that was QUISPE Mamani, ANA@example.com')
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['email', 'name']);
    expect(check('nobody was here')).toEqual([]);
  });
  test('are worthless under another key, and refused when they are none', () => {
    expect(openLeakCheck(list.toJson(), new Uint8Array(32))('612345678')).toEqual([]);
    expect(() => openLeakCheck('{}', key)).toThrow(/not a list of removed values/);
  });
});
