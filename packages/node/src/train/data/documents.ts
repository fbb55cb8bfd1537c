/**
 * Items to documents of tokens. Texts are learned whole, completions from where the prompt ends, chats only where the
 * assistant speaks, with the end of its turn. Where the assistant's part lies is found by rendering the beginnings of a
 * conversation; a template for which that cannot be done is refused.
 */
import { templateUnstable } from '@filon/core/training/data/errors';
import type { TokenDocument } from '@filon/core/training/data/shard';
import type { ChatTurn, Item } from '@filon/core/training/item';
import type { TextTokenizer } from '../../ports/text-tokenizer.ts';

/** A token that lies across the border of what is learned; fewer than two tokens; nothing to learn in it. */
export type DocumentFault = 'token-border' | 'too-short' | 'nothing-learned';
export type MadeDocument = TokenDocument | { fault: DocumentFault };

interface Means {
  tokenizer: TextTokenizer;
  signal: AbortSignal;
}

/** Codes: DATA_TEMPLATE_UNSTABLE, TEMPLATE_*. */
export async function documentOf(item: Item, means: Means): Promise<MadeDocument> {
  switch (item.kind) {
    case 'text': {
      const [tokens = new Int32Array()] = await tokenized([item.text], false, means);
      return withEnds([{ tokens, learned: true }], means.tokenizer);
    }
    case 'completion': {
      const [prompt, completion] = await tokenized([item.prompt, item.completion], false, means);
      const parts = [
        { tokens: prompt ?? new Int32Array(), learned: false },
        { tokens: completion ?? new Int32Array(), learned: true },
      ];
      return withEnds(parts, means.tokenizer);
    }
    case 'chat':
      return chatDocument(item.messages, means);
  }
}

interface Part {
  tokens: Int32Array;
  learned: boolean;
}

/** Something must come before the first token that is learned, and the end is learned: so a model knows when to stop. */
function withEnds(parts: readonly Part[], { beginOfText, endOfText }: TextTokenizer): MadeDocument {
  const begin = { tokens: Int32Array.of(beginOfText ?? endOfText), learned: false };
  return joined([begin, ...parts, { tokens: Int32Array.of(endOfText), learned: true }]);
}

function joined(parts: readonly Part[]): MadeDocument {
  const length = parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  if (length < 2) return { fault: 'too-short' };
  const document = { tokens: new Int32Array(length), learned: new Uint8Array(length) };
  let at = 0;
  for (const { tokens, learned } of parts) {
    document.tokens.set(tokens, at);
    document.learned.fill(learned ? 1 : 0, at, at + tokens.length);
    at += tokens.length;
  }
  document.learned[0] = 0;
  return document.learned.includes(1) ? document : { fault: 'nothing-learned' };
}

/** Beginnings of the rendered conversation: before and after each answer, alternating. */
async function chatDocument(messages: readonly ChatTurn[], means: Means): Promise<MadeDocument> {
  const whole = await rendered(messages, false, means);
  const borders: string[] = [];
  for (const [turn, { role }] of messages.entries()) {
    if (role !== 'assistant') continue;
    const before = await rendered(messages.slice(0, turn), true, means);
    const after = await rendered(messages.slice(0, turn + 1), false, means);
    if (!after.startsWith(before))
      throw templateUnstable(turn + 1, 'what it writes before an answer changes once the answer is there');
    if (!whole.startsWith(after))
      throw templateUnstable(turn + 1, 'it rewrites earlier turns when others follow');
    // What the template puts between turns, such as a line feed after the end of the turn, is not the assistant's.
    borders.push(before, before + after.slice(before.length).trimEnd());
  }
  const [tokens = new Int32Array(), ...begins] = await tokenized([whole, ...borders], true, means);
  const parts: Part[] = [];
  let from = 0;
  for (const [index, begin] of begins.entries()) {
    if (!isPrefix(begin, tokens) || begin.length < from) return { fault: 'token-border' };
    parts.push({ tokens: tokens.subarray(from, begin.length), learned: index % 2 === 1 });
    from = begin.length;
  }
  const rest = { tokens: tokens.subarray(from), learned: false };
  const { beginOfText } = means.tokenizer;
  const isBegun = beginOfText === null || tokens[0] === beginOfText;
  const begin = isBegun ? [] : [{ tokens: Int32Array.of(beginOfText), learned: false }];
  return joined([...begin, ...parts, rest]);
}

async function rendered(
  messages: readonly ChatTurn[],
  generationPrompt: boolean,
  means: Means,
): Promise<string> {
  const { tokenizer, signal } = means;
  return tokenizer.render(messages, { generationPrompt, signal });
}

async function tokenized(texts: readonly string[], special: boolean, means: Means): Promise<Int32Array[]> {
  return means.tokenizer.tokenize(texts, { special, signal: means.signal });
}

function isPrefix(begin: Int32Array, tokens: Int32Array): boolean {
  return begin.length <= tokens.length && begin.every((token, at) => token === tokens[at]);
}
