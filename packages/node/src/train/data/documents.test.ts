import type { Item } from '@filon/core/training/item';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TextTokenizer } from '../../ports/text-tokenizer.ts';
import { createByteTokenizer } from './byte-tokenizer.ts';
import { documentOf } from './documents.ts';

const BYTES = createByteTokenizer();
const { signal } = new AbortController();

/** The text of a document, what is learned in brackets. */
async function shown(item: Item, tokenizer: TextTokenizer = BYTES): Promise<string> {
  const made = await documentOf(item, { tokenizer, signal });
  if ('fault' in made) return made.fault;
  const names = ['<end>', '<turn>', '<end-turn>'];
  let text = '';
  made.tokens.forEach((token, at) => {
    const [before, now] = [made.learned[at - 1] ?? 0, made.learned[at] ?? 0];
    if (now > before) text += '[';
    if (now < before) text += ']';
    text += token < 256 ? String.fromCharCode(token) : names[token - 256];
  });
  return made.learned.at(-1) === 1 ? `${text}]` : text;
}

const chat = (...contents: string[]): Item => ({
  kind: 'chat',
  messages: contents.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content })),
});

describe('what is learned', () => {
  test('of texts all, with their end', async () => {
    expect(await shown({ kind: 'text', text: 'ab' })).toBe('<end>[ab<end>]');
  });
  test('of completions what follows the prompt', async () => {
    expect(await shown({ kind: 'completion', prompt: 'p:', completion: ' c' })).toBe('<end>p:[ c<end>]');
  });
  test('of chats what the assistant says, and the end of its turn', async () => {
    expect(await shown(chat('a', 'b', 'c', 'd'))).toBe(
      '<turn>user\na<end-turn>\n<turn>assistant\n[b<end-turn>]\n<turn>user\nc<end-turn>\n<turn>assistant\n[d<end-turn>]\n',
    );
  });
  test('of names of marks within a text nothing special', async () => {
    expect(await shown({ kind: 'text', text: '<|im_end|>' })).toBe('<end>[<|im_end|><end>]');
  });

  test('is exactly the answers, whatever is said', async () => {
    const said = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
      .filter((text) => !text.includes('<|') && text.trim() === text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(said, said), { minLength: 1, maxLength: 4 }), async (turns) => {
        const made = await documentOf(chat(...turns.flat()), { tokenizer: BYTES, signal });
        if ('fault' in made) throw new TypeError(made.fault);
        const learned = made.tokens.filter((_, at) => made.learned[at] === 1);
        const answers = await BYTES.tokenize([turns.map(([, answer]) => `${answer}<|im_end|>`).join('')], {
          special: true,
          signal,
        });
        expect([...learned]).toEqual([...(answers[0] ?? [])]);
      }),
    );
  });
});

describe('a template', () => {
  const rendering = (render: (contents: string[], isLast: boolean) => string): TextTokenizer => ({
    ...BYTES,
    render: async (messages, { generationPrompt }) =>
      render(
        messages.map(({ content }) => content),
        generationPrompt,
      ),
  });

  test('that rewrites earlier turns is refused', async () => {
    const forgetful = rendering((contents, isLast) => `${contents.slice(-2).join('|')}${isLast ? '|' : ''}`);
    await expect(shown(chat('a', 'b', 'c', 'd'), forgetful)).rejects.toMatchObject({
      details: { code: 'DATA_TEMPLATE_UNSTABLE', turn: 2 },
    });
  });
  test('that changes what is before an answer is refused', async () => {
    const odd = rendering((contents, isLast) =>
      isLast ? `${contents.join('|')}>think>` : contents.join('|'),
    );
    await expect(shown(chat('a', 'b'), odd)).rejects.toMatchObject({
      details: { code: 'DATA_TEMPLATE_UNSTABLE', turn: 2 },
    });
  });
  test('whose borders lie within tokens drops the item', async () => {
    const inPairs = (text: string): Int32Array =>
      Int32Array.from(
        text.match(/.{1,2}/gsu) ?? [],
        (pair) => pair.charCodeAt(0) + (pair.charCodeAt(1) || 0),
      );
    const pairs: TextTokenizer = {
      ...rendering((contents) => contents.join('')),
      tokenize: async (texts) => texts.map(inPairs),
    };
    expect(await shown(chat('abc', 'd'), pairs)).toBe('token-border');
  });
});
