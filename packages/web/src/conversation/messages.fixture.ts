/** Made-up conversations for tests. */
import fc from 'fast-check';
import type { WholeConversation } from './exchange.ts';
import { type AnswerMessage, DEFAULT_SETTINGS, type Message, type UserMessage } from './message.ts';

export function question(id: string, more: Partial<UserMessage> = {}): UserMessage {
  return { role: 'user', id, parent: null, createdMs: 1, text: `question ${id}`, attachments: [], ...more };
}

export function answer(id: string, parent: string, more: Partial<AnswerMessage> = {}): AnswerMessage {
  return {
    role: 'assistant',
    id,
    parent,
    createdMs: 2,
    model: 'ore-1b',
    text: `answer ${id}`,
    reasoning: '',
    responseId: null,
    sequence: -1,
    end: { kind: 'done' },
    figures: null,
    servedBy: [],
    ...more,
  };
}

/** Trees: each message follows one before it, or none. */
export const trees: fc.Arbitrary<Message[]> = fc
  .array(fc.tuple(fc.nat(), fc.boolean(), fc.string({ unit: 'grapheme' }), fc.nat(50)), { maxLength: 30 })
  .map((entries) =>
    entries.map(([draw, isQuestion, text, createdMs], index): Message => {
      const before = draw % (index + 1);
      const parent = before === index ? null : `m${before}`;
      const common = { createdMs, text };
      return isQuestion
        ? question(`m${index}`, { ...common, parent })
        : { ...answer(`m${index}`, 'm0', common), parent };
    }),
  );

export const wholeConversations: fc.Arbitrary<WholeConversation> = fc
  .tuple(
    trees,
    fc.string({ unit: 'grapheme', maxLength: 50 }),
    fc.nat(),
    fc.option(fc.double({ min: 0, max: 2 })),
  )
  .map(([messages, title, createdMs, temperature]) => ({
    messages,
    conversation: {
      id: `c${createdMs}`,
      title,
      createdMs,
      updatedMs: createdMs + 1,
      settings: { ...DEFAULT_SETTINGS, temperature: temperature === null ? null : temperature + 0 },
      chosen: Object.fromEntries(messages.slice(0, 5).map(({ id, parent }) => [parent ?? '', id])),
    },
  }));
