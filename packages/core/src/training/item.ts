/** One example to learn from: what every source of data becomes, whatever its format was. */
import { z } from 'zod';

export const ROLES = ['system', 'user', 'assistant'] as const;
export type Role = (typeof ROLES)[number];

export interface ChatTurn {
  readonly role: Role;
  readonly content: string;
}

/** Of items that are scored by choosing: the possible answers, and the index of the right one. */
export interface Choices {
  readonly choices?: readonly string[];
  readonly answer?: number;
}

export type Item = Choices &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'completion'; readonly prompt: string; readonly completion: string }
    | { readonly kind: 'chat'; readonly messages: readonly ChatTurn[] }
  );

/** UTF-16 units of an item, all its texts together. */
export const ITEM_CHARS_MAX: number = 2 ** 20;
export const TURNS_MAX = 1024;
export const CHOICES_MAX = 26;

/** Why something that was read did not become an item, or an item was left out. */
export const DROP_REASONS = [
  'json-invalid',
  'line-too-long',
  'row-invalid',
  'not-an-item',
  'role-unsupported',
  'no-answer',
  'empty',
  'item-too-long',
  'duplicate',
  'near-duplicate',
  'in-held-out',
  'near-held-out',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

const columnName = z.string().min(1).max(256);

/** In which columns or fields of a record the parts of an item are. Absent: by the usual names. */
export const itemColumnsSchema: z.ZodType<ItemColumns> = z.union([
  z.strictObject({ text: columnName }),
  z.strictObject({
    prompt: columnName,
    completion: columnName,
    /** Columns with further choices; `completion` is the right one unless `answer` says otherwise. */
    choices: columnName.optional(),
    answer: columnName.optional(),
  }),
  z.strictObject({ messages: columnName }),
]);
export type ItemColumns =
  | { text: string }
  | { prompt: string; completion: string; choices?: string | undefined; answer?: string | undefined }
  | { messages: string };

/** The form that items have on disk, one a line. */
const choicesShape = {
  choices: z.array(z.string()).min(2).max(CHOICES_MAX).optional(),
  answer: z.int().nonnegative().optional(),
};
const turnSchema = z.strictObject({ role: z.enum(ROLES), content: z.string() });
export const itemSchema: z.ZodType<Item> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string(), ...choicesShape }),
  z.strictObject({
    kind: z.literal('completion'),
    prompt: z.string(),
    completion: z.string(),
    ...choicesShape,
  }),
  z.strictObject({
    kind: z.literal('chat'),
    messages: z.array(turnSchema).min(1).max(TURNS_MAX),
    ...choicesShape,
  }),
]) as z.ZodType<Item>;

/** All texts of an item, in order, one below the other: what duplicates are found by. */
export function itemText(item: Item): string {
  switch (item.kind) {
    case 'text':
      return item.text;
    case 'completion':
      return `${item.prompt}\n${item.completion}`;
    case 'chat':
      return item.messages.map(({ content }) => content).join('\n');
  }
}

/** The same item with each of its texts changed. */
export function mapItemTexts(item: Item, change: (text: string) => string): Item {
  const choices = item.choices === undefined ? {} : { choices: item.choices.map(change) };
  switch (item.kind) {
    case 'text':
      return { ...item, ...choices, text: change(item.text) };
    case 'completion':
      return { ...item, ...choices, prompt: change(item.prompt), completion: change(item.completion) };
    case 'chat': {
      const messages = item.messages.map((turn) => ({ ...turn, content: change(turn.content) }));
      return { ...item, ...choices, messages };
    }
  }
}
