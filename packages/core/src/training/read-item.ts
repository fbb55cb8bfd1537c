/** From a record of somebody's file (a JSON object, a row) to an item, or the reason why it is none. */
import {
  CHOICES_MAX,
  type ChatTurn,
  type Choices,
  type DropReason,
  ITEM_CHARS_MAX,
  type Item,
  type ItemColumns,
  itemText,
  type Role,
  TURNS_MAX,
} from './item.ts';

export type ReadItem = { item: Item } | { dropped: DropReason };

type Fields = Readonly<Record<string, unknown>>;

/** Names that fields have by convention, first come first taken. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['prompt', 'completion'],
  ['question', 'answer'],
  ['instruction', 'output'],
  ['pregunta', 'respuesta'],
];
const ROLE_OF: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
};

/** `columns` null: by the usual names (`text`, `prompt` and `completion`, OpenAI's `messages`). */
export function readItem(record: unknown, columns: ItemColumns | null): ReadItem {
  if (!isFields(record)) return { dropped: 'not-an-item' };
  const read = columns === null ? readUsual(record) : readNamed(record, columns);
  if ('dropped' in read) return read;
  const { length } = itemText(read.item);
  return length > ITEM_CHARS_MAX ? { dropped: 'item-too-long' } : read;
}

/** The columns that are used, so that a file without them is refused before it is read. */
export function columnsOf(columns: ItemColumns): string[] {
  return Object.values(columns).filter((name) => name !== undefined);
}

/** The usual names that are among `names`; null when no item can be made of them. */
export function usualColumns(names: readonly string[]): ItemColumns | null {
  if (names.includes('messages')) return { messages: 'messages' };
  const pair = PAIRS.find(([prompt, completion]) => names.includes(prompt) && names.includes(completion));
  if (pair !== undefined) return { prompt: pair[0], completion: pair[1] };
  return names.includes('text') ? { text: 'text' } : null;
}

function readUsual(record: Fields): ReadItem {
  const columns = usualColumns(Object.keys(record));
  if (columns === null) return { dropped: 'not-an-item' };
  const read = readNamed(record, columns);
  if ('dropped' in read) return read;
  const choices = choicesIn(record['choices'], record['answer'], null);
  return { item: { ...read.item, ...choices } };
}

function readNamed(record: Fields, columns: ItemColumns): ReadItem {
  if ('messages' in columns) return readChat(record[columns.messages]);
  if ('text' in columns) return readText(record[columns.text]);
  const prompt = textOf(record[columns.prompt]);
  const completion = textOf(record[columns.completion]);
  if (prompt === null || completion === null) return { dropped: 'not-an-item' };
  if (prompt.trim() === '' || completion.trim() === '') return { dropped: 'empty' };
  const { choices, answer } = columns;
  const more =
    choices === undefined
      ? {}
      : choicesIn(record[choices], answer === undefined ? undefined : record[answer], completion);
  return { item: { kind: 'completion', prompt, completion, ...more } };
}

function readText(value: unknown): ReadItem {
  const text = textOf(value);
  if (text === null) return { dropped: 'not-an-item' };
  return text.trim() === '' ? { dropped: 'empty' } : { item: { kind: 'text', text } };
}

/** What follows the last answer teaches nothing and is left off. */
function readChat(value: unknown): ReadItem {
  const listed = typeof value === 'string' ? parsed(value) : value;
  if (!Array.isArray(listed) || listed.length > TURNS_MAX) return { dropped: 'not-an-item' };
  const turns: ChatTurn[] = [];
  for (const entry of listed as unknown[]) {
    if (!isFields(entry)) return { dropped: 'not-an-item' };
    const named = entry['role'] ?? entry['from'];
    if (typeof named !== 'string') return { dropped: 'not-an-item' };
    const role = Object.hasOwn(ROLE_OF, named) ? ROLE_OF[named] : undefined;
    if (role === undefined) return { dropped: 'role-unsupported' };
    const content = contentOf(entry['content'] ?? entry['value']);
    if (content === null) return { dropped: 'not-an-item' };
    turns.push({ role, content });
  }
  const messages = turns.slice(0, turns.findLastIndex(({ role }) => role === 'assistant') + 1);
  if (messages.length === 0) return { dropped: 'no-answer' };
  const isEmpty = messages.some(({ role, content }) => role === 'assistant' && content.trim() === '');
  return isEmpty ? { dropped: 'empty' } : { item: { kind: 'chat', messages } };
}

/** A text, or OpenAI's list of parts, of which only texts can be learned. */
function contentOf(content: unknown): string | null {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : null;
  const texts = content.map((part: unknown) =>
    isFields(part) && part['type'] === 'text' && typeof part['text'] === 'string' ? part['text'] : null,
  );
  return texts.includes(null) ? null : texts.join('');
}

/** `answer`: an index, a letter, or one of the choices in words; without one `completion` is the right choice. */
function choicesIn(listed: unknown, answer: unknown, completion: string | null): Choices {
  const value = typeof listed === 'string' ? parsed(listed) : listed;
  if (!Array.isArray(value) || value.length < 2 || value.length > CHOICES_MAX) return {};
  const choices = value.map(textOf);
  if (!choices.every((choice) => choice !== null)) return {};
  const index = indexOfAnswer(answer ?? completion, choices);
  return index === null ? {} : { choices, answer: index };
}

function indexOfAnswer(answer: unknown, choices: readonly string[]): number | null {
  const text = textOf(answer)?.trim() ?? '';
  const inWords = choices.findIndex((choice) => choice.trim() === text);
  if (inWords >= 0) return inWords;
  const index = /^[A-Za-z]$/.test(text)
    ? text.toUpperCase().charCodeAt(0) - 65
    : /^\d+$/.test(text)
      ? Number(text)
      : -1;
  return index >= 0 && index < choices.length ? index : null;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
