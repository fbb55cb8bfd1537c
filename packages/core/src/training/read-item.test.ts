import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DROP_REASONS, itemSchema, itemText, mapItemTexts } from './item.ts';
import { readItem } from './read-item.ts';

const turn = (role: string, content: unknown): object => ({ role, content });

describe('readItem', () => {
  test('takes the usual forms', () => {
    expect(readItem({ text: 'a b' }, null)).toEqual({ item: { kind: 'text', text: 'a b' } });
    expect(readItem({ prompt: 'p', completion: 'c', id: 4 }, null)).toEqual({
      item: { kind: 'completion', prompt: 'p', completion: 'c' },
    });
    const messages = [
      turn('developer', 's'),
      turn('user', [{ type: 'text', text: 'u' }]),
      turn('assistant', 'a'),
    ];
    expect(readItem({ messages }, null)).toEqual({
      item: {
        kind: 'chat',
        messages: [turn('system', 's'), turn('user', 'u'), turn('assistant', 'a')],
      },
    });
  });

  test('takes named columns, numbers as text', () => {
    const row = { Frage: 'wie viel', Antwort: 12 };
    expect(readItem(row, { prompt: 'Frage', completion: 'Antwort' })).toEqual({
      item: { kind: 'completion', prompt: 'wie viel', completion: '12' },
    });
  });

  test('leaves off what follows the last answer', () => {
    const messages = [turn('user', 'u'), turn('assistant', 'a'), turn('user', 'and')];
    expect(readItem({ messages }, null)).toMatchObject({ item: { messages: messages.slice(0, 2) } });
  });

  test.each([
    ['an index', 2],
    ['a letter', 'c'],
    ['words', 'blue'],
  ])('takes a right choice by %s', (_, answer) => {
    const record = { prompt: 'colour?', completion: 'blue', choices: ['red', 'green', 'blue'], answer };
    expect(readItem(record, null)).toMatchObject({ item: { answer: 2 } });
  });

  test.each([
    ['not-an-item', 'text'],
    ['not-an-item', { body: 'x' }],
    ['not-an-item', { text: null }],
    ['empty', { text: ' \n' }],
    ['empty', { prompt: 'p', completion: '' }],
    ['empty', { messages: [turn('assistant', ' ')] }],
    ['no-answer', { messages: [turn('user', 'u')] }],
    ['role-unsupported', { messages: [turn('tool', 'u'), turn('assistant', 'a')] }],
    ['role-unsupported', { messages: [turn('constructor', 'u'), turn('assistant', 'a')] }],
    ['not-an-item', { messages: [turn('user', [{ type: 'image_url' }]), turn('assistant', 'a')] }],
    ['item-too-long', { text: 'x'.repeat(2 ** 20 + 1) }],
  ])('drops as %s', (dropped, record) => expect(readItem(record, null)).toEqual({ dropped }));

  test('makes an item that can be written and read, or says why not, of anything', () => {
    const records = fc.oneof(
      fc.jsonValue(),
      fc.record({
        messages: fc.array(
          fc.record({ role: fc.constantFrom('user', 'assistant', 'x'), content: fc.jsonValue() }),
        ),
      }),
      fc.record({
        prompt: fc.jsonValue(),
        completion: fc.jsonValue(),
        choices: fc.jsonValue(),
        answer: fc.jsonValue(),
      }),
    );
    fc.assert(
      fc.property(records, (record) => {
        const read = readItem(record, null);
        if ('dropped' in read) expect(DROP_REASONS).toContain(read.dropped);
        else {
          expect(itemSchema.parse(JSON.parse(JSON.stringify(read.item)))).toEqual(read.item);
          expect(itemText(mapItemTexts(read.item, (text) => text))).toBe(itemText(read.item));
        }
      }),
    );
  });
});
