/** Conversations as a file, and back. A file that comes in is not trusted until it was read here. */
import type { TokenPrice } from '@filon/core/serving/completion';
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';
import { amount, type Field, identity, list, member, optional, refuse, text } from './fields.ts';
import type {
  AnswerEnd,
  AnswerMessage,
  Attachment,
  ChatSettings,
  Conversation,
  Figures,
  Message,
  UserMessage,
} from './message.ts';
import type { Served } from './served.ts';

export interface WholeConversation {
  conversation: Conversation;
  messages: Message[];
}

export const FORMAT = 'filon-conversations';
export const VERSION = 1;
const CONVERSATIONS_MAX = 10_000;
const MESSAGES_MAX = 50_000;
const TEXT_CHARACTERS_MAX = 8_000_000;
const NAME_CHARACTERS_MAX = 1_000;
const ATTACHMENTS_MAX = 64;
const SERVED_MAX = 64;
const TIME_MAX_MS = 8.64e15;
const COUNT_MAX = Number.MAX_SAFE_INTEGER;

export function exportText(whole: readonly WholeConversation[], exportedMs: number): string {
  const conversations = whole.map(({ conversation, messages }) => ({ ...conversation, messages }));
  const file = {
    format: FORMAT,
    version: VERSION,
    exported: new Date(exportedMs).toISOString(),
    conversations,
  };
  return JSON.stringify(file, null, 1);
}

/** Codes: WEB_IMPORT_INVALID. What was still coming when the file was written counts as stopped. */
export function importText(json: string): WholeConversation[] {
  const file: Field = { value: parse(json), path: '' };
  if (member(file, 'format').value !== FORMAT)
    throw refuse({ value: null, path: 'format' }, `is not ${FORMAT}`, 'format');
  if (member(file, 'version').value !== VERSION) {
    throw refuse({ value: null, path: 'version' }, `is not ${VERSION}; a newer page may read it`, 'version');
  }
  return list(member(file, 'conversations'), CONVERSATIONS_MAX).map(whole);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw refuse({ value: null, path: 'file' }, 'is no JSON', 'format');
  }
}

function whole(field: Field): WholeConversation {
  const messages = list(member(field, 'messages'), MESSAGES_MAX).map(message);
  const ids = new Set(messages.map(({ id }) => id));
  if (ids.size < messages.length) throw refuse(field, 'has two messages of one id');
  for (const { id, parent } of messages) {
    if (parent !== null && !ids.has(parent)) throw refuse(field, `has a message '${id}' that follows none`);
  }
  return {
    messages,
    conversation: {
      id: identity(member(field, 'id')),
      title: text(member(field, 'title'), NAME_CHARACTERS_MAX),
      createdMs: time(member(field, 'createdMs')),
      updatedMs: time(member(field, 'updatedMs')),
      settings: settings(member(field, 'settings')),
      chosen: chosen(member(field, 'chosen'), messages),
    },
  };
}

/** Only choices of messages that are there are taken. */
function chosen(field: Field, messages: readonly Message[]): Record<string, string> {
  const pairs = messages.filter(({ id, parent }) => member(field, parent ?? '').value === id);
  return Object.fromEntries(pairs.map(({ id, parent }) => [parent ?? '', id]));
}

function settings(field: Field): ChatSettings {
  return {
    model: optional(member(field, 'model'), (one) => text(one, NAME_CHARACTERS_MAX)),
    system: text(member(field, 'system'), TEXT_CHARACTERS_MAX),
    temperature: optional(member(field, 'temperature'), (one) => amount(one, { min: 0, max: 5 })),
    topP: optional(member(field, 'topP'), (one) => amount(one, { min: 0, max: 1 })),
    maxTokens: optional(member(field, 'maxTokens'), (one) => amount(one, { min: 1, max: COUNT_MAX })),
    seed: optional(member(field, 'seed'), (one) => amount(one, { min: -COUNT_MAX, max: COUNT_MAX })),
    tier: optional(member(field, 'tier'), tier) ?? 'own',
  };
}

function message(field: Field): Message {
  const role = member(field, 'role').value;
  if (role === 'user') return userMessage(field);
  if (role === 'assistant') return answerMessage(field);
  throw refuse(member(field, 'role'), "is neither 'user' nor 'assistant'");
}

function userMessage(field: Field): UserMessage {
  return {
    role: 'user',
    ...common(field),
    attachments: list(member(field, 'attachments'), ATTACHMENTS_MAX).map(attachment),
  };
}

function answerMessage(field: Field): AnswerMessage {
  return {
    role: 'assistant',
    ...common(field),
    model: text(member(field, 'model'), NAME_CHARACTERS_MAX),
    reasoning: text(member(field, 'reasoning'), TEXT_CHARACTERS_MAX),
    // Another browser's answers are none that this one may ask the node for.
    responseId: null,
    sequence: -1,
    end: optional(member(field, 'end'), end) ?? { kind: 'stopped' },
    figures: optional(member(field, 'figures'), figures),
    servedBy: optional(member(field, 'servedBy'), (all) => list(all, SERVED_MAX).map(served)) ?? [],
  };
}

function common(field: Field): Pick<Message, 'id' | 'parent' | 'createdMs' | 'text'> {
  return {
    id: identity(member(field, 'id')),
    parent: optional(member(field, 'parent'), identity),
    createdMs: time(member(field, 'createdMs')),
    text: text(member(field, 'text'), TEXT_CHARACTERS_MAX),
  };
}

function attachment(field: Field): Attachment {
  return {
    name: text(member(field, 'name'), NAME_CHARACTERS_MAX),
    text: text(member(field, 'text'), TEXT_CHARACTERS_MAX),
    leftOutCharacters: optional(member(field, 'leftOutCharacters'), count),
  };
}

function end(field: Field): AnswerEnd {
  const kind = member(field, 'kind').value;
  if (kind === 'done' || kind === 'length' || kind === 'stopped' || kind === 'lost') return { kind };
  if (kind !== 'failed') throw refuse(member(field, 'kind'), 'is no way for an answer to end');
  return {
    kind,
    code: text(member(field, 'code'), NAME_CHARACTERS_MAX),
    message: text(member(field, 'message'), TEXT_CHARACTERS_MAX),
  };
}

function figures(field: Field): Figures {
  return {
    firstTokenMs: optional(member(field, 'firstTokenMs'), count),
    tokensPerSecond: optional(member(field, 'tokensPerSecond'), count),
    tokens: count(member(field, 'tokens')),
  };
}

function served(field: Field): Served {
  return {
    node: optional(member(field, 'node'), identity),
    tier: tier(member(field, 'tier')),
    numericClass: optional(member(field, 'numericClass'), (one) => text(one, NAME_CHARACTERS_MAX)),
    isUpstream: member(field, 'isUpstream').value === true,
    price: optional(member(field, 'price'), price),
  };
}

function price(field: Field): TokenPrice {
  return {
    promptPico: count(member(field, 'promptPico')),
    answerPico: count(member(field, 'answerPico')),
  };
}

function tier(field: Field): PrivacyTier {
  const known = TIERS.find((one) => one === field.value);
  if (known === undefined) throw refuse(field, `is none of ${TIERS.join(', ')}`);
  return known;
}

function count(field: Field): number {
  return amount(field, { min: 0, max: COUNT_MAX });
}

function time(field: Field): number {
  return amount(field, { min: 0, max: TIME_MAX_MS });
}
