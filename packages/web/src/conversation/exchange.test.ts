import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportText, importText } from './exchange.ts';
import { DEFAULT_SETTINGS } from './message.ts';
import { answer, question, wholeConversations } from './messages.fixture.ts';

const refusal = (text: string): unknown => {
  try {
    importText(text);
    return null;
  } catch (error) {
    return error;
  }
};

describe('conversations', () => {
  test('come back from a file as they went', () => {
    fc.assert(
      fc.property(fc.array(wholeConversations, { maxLength: 4 }), (whole) => {
        const back = importText(exportText(whole, 0));
        expect(back.map(({ messages }) => messages)).toEqual(whole.map(({ messages }) => messages));
        expect(back.map(({ conversation }) => conversation.title)).toEqual(
          whole.map(({ conversation }) => conversation.title),
        );
      }),
    );
  });

  test('that were being answered come back as stopped, and are not asked for', () => {
    const messages = [question('q'), answer('a', 'q', { end: null, responseId: 'resp_1', sequence: 7 })];
    const conversation = {
      id: 'c',
      title: '',
      createdMs: 0,
      updatedMs: 0,
      settings: DEFAULT_SETTINGS,
      chosen: {},
    };
    const [back] = importText(exportText([{ conversation, messages }], 0));
    expect(back?.messages[1]).toMatchObject({ end: { kind: 'stopped' }, responseId: null, sequence: -1 });
  });
});

describe('who may answer', () => {
  const conversation = { id: 'c', title: 't', createdMs: 0, updatedMs: 0, chosen: {} };
  const withTier = (tier: unknown): string =>
    exportText([{ conversation: { ...conversation, settings: DEFAULT_SETTINGS }, messages: [] }], 0).replace(
      '"seed": null',
      `"seed": null, "tier": ${JSON.stringify(tier)}`,
    );

  test('comes along with a conversation, and is the own machines where nothing is said', () => {
    expect(importText(withTier('trusted'))[0]?.conversation.settings.tier).toBe('trusted');
    expect(importText(withTier(null))[0]?.conversation.settings.tier).toBe('own');
    expect(refusal(withTier('everybody'))).toMatchObject({
      details: { path: 'conversations[0].settings.tier' },
    });
  });

  test('comes along with each answer', () => {
    const price = { promptPico: 5, answerPico: 7 };
    const here = { node: null, tier: 'own', numericClass: 'cpu-1', isUpstream: true, price: null } as const;
    const servedBy = [{ ...here, node: 'A'.repeat(43), tier: 'open', price } as const, here];
    const messages = [question('q'), answer('a', 'q', { servedBy })];
    const [back] = importText(
      exportText([{ conversation: { ...conversation, settings: DEFAULT_SETTINGS }, messages }], 0),
    );
    expect(back?.messages[1]).toMatchObject({ servedBy });
  });
});

describe('a file', () => {
  const good = (): string =>
    exportText(
      [
        {
          conversation: {
            id: 'c',
            title: 't',
            createdMs: 0,
            updatedMs: 0,
            settings: DEFAULT_SETTINGS,
            chosen: {},
          },
          messages: [question('q'), answer('a', 'q')],
        },
      ],
      0,
    );

  test.each([
    ['is no JSON', '{', 'file'],
    ['is something else', '[]', 'file'],
    ['is of another program', '{"format":"other"}', 'format'],
    ['is newer', good().replace('"version": 1', '"version": 2'), 'version'],
    [
      'has an id that leads elsewhere',
      good().replace('"id": "q"', '"id": "../q"'),
      'conversations[0].messages[0].id',
    ],
    ['has a message of nobody', good().replace('"parent": "q"', '"parent": "z"'), 'conversations[0]'],
    ['has one id twice', good().replace('"id": "a"', '"id": "q"'), 'conversations[0]'],
    ['has a text that is none', good().replace('"answer a"', '{"a":1}'), 'conversations[0].messages[1].text'],
    [
      'has a role that is none',
      good().replace('"assistant"', '"system"'),
      'conversations[0].messages[1].role',
    ],
    [
      'has settings out of range',
      good().replace('"topP": null', '"topP": 7'),
      'conversations[0].settings.topP',
    ],
  ])('that %s is refused by its place', (_, text, path) => {
    expect(refusal(text)).toMatchObject({ code: 'WEB_IMPORT_INVALID', details: { path } });
  });

  test('is taken or refused, and never anything else, whatever is in it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(refusal(text)).toMatchObject({ code: 'WEB_IMPORT_INVALID' });
      }),
    );
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue(), (draw, value) => {
        const tokens = good().split(/(?<=[:,])\s/);
        tokens[draw % tokens.length] = `${JSON.stringify(value)},`;
        const error = refusal(tokens.join(' '));
        if (error !== null) expect(error).toMatchObject({ code: 'WEB_IMPORT_INVALID' });
      }),
    );
  });

  test('cannot reach into what objects are made of', () => {
    const text = good().replace('"chosen": {}', '"chosen": {"__proto__": {"polluted": 1}, "": "q"}');
    const [back] = importText(text);
    expect(back?.conversation.chosen).toEqual({ '': 'q' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
