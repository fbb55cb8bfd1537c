/**
 * A small vocabulary for the scripted engine: 256 single bytes, marks, and words. Characters outside ASCII are several
 * tokens long, so that what is true of real vocabularies (tokens that split a character) is true of this one.
 */
import type { ChatMessage } from '@filon/core/serving/completion';

export const END_TOKEN = 256;
export const START_TOKEN = 257;
const ROLE_TOKENS: Record<ChatMessage['role'], number> = {
  system: 258,
  user: 259,
  assistant: 260,
  tool: 261,
};
export const FIRST_WORD = 262;
export const WORDS: readonly string[] = (
  ' the| a| of| ore| vein| silver| copper| tin| miner| lamp| shaft| rope| deep| bright| old| new| and| or| with| under' +
  '| over| carries| finds| cuts| breaks| lifts| cart| rail| stone| water| light| dust| hammer| night| day| hill'
).split('|');
export const VOCAB_TOKENS: number = FIRST_WORD + WORDS.length;

const encoder = new TextEncoder();
const wordBytes = WORDS.map((word) => encoder.encode(word));
const wordIds = new Map(WORDS.map((word, index) => [word, FIRST_WORD + index]));
const nothing = new Uint8Array();
const singleBytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));

/** What a token looks like; marks look like nothing. */
export function pieceOf(token: number): Uint8Array {
  if (token < 256) return singleBytes[token] ?? nothing;
  return wordBytes[token - FIRST_WORD] ?? nothing;
}

/** Words where the text has them, bytes everywhere else. */
export function tokensOf(text: string): number[] {
  const tokens: number[] = [];
  for (const part of text.split(/(?= )/)) {
    const word = wordIds.get(part);
    if (word !== undefined) tokens.push(word);
    else tokens.push(...encoder.encode(part));
  }
  return tokens;
}

export function textOf(tokens: Iterable<number>): string {
  const decoder = new TextDecoder();
  let text = '';
  for (const token of tokens) text += decoder.decode(pieceOf(token), { stream: true });
  return text + decoder.decode();
}

/** The one chat template of this vocabulary: a role mark, the text, an end mark; then the assistant's turn. */
export function chatTokens(messages: readonly ChatMessage[]): number[] {
  const tokens = [START_TOKEN];
  for (const message of messages) {
    tokens.push(ROLE_TOKENS[message.role]);
    for (const token of tokensOf(message.content)) tokens.push(token);
    tokens.push(END_TOKEN);
  }
  tokens.push(ROLE_TOKENS.assistant);
  return tokens;
}
