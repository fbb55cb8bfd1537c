/** The tokenizer of byte-level models: no library, no model file. Written as ids and text in the same forms as in GGUF. */
import { createHash } from 'node:crypto';
import {
  BYTE_CHAT_TEMPLATE,
  BYTE_MARKS,
  BYTE_VOCABULARY_SIZE,
  END_OF_TEXT,
} from '@filon/core/training/byte-vocabulary';
import type { TextTokenizer } from '../../ports/text-tokenizer.ts';

const MARKS: readonly string[] = BYTE_MARKS;
const MARK = /(<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>)/;

export function createByteTokenizer(): TextTokenizer {
  const encoder = new TextEncoder();
  const bytesOf = (text: string): number[] => [...encoder.encode(text)];
  const idsOf = (text: string): number[] => {
    const mark = MARKS.indexOf(text);
    return mark < 0 ? bytesOf(text) : [256 + mark];
  };
  return {
    id: createHash('sha256')
      .update(JSON.stringify([BYTE_MARKS, BYTE_CHAT_TEMPLATE]))
      .digest('hex'),
    vocabularySize: BYTE_VOCABULARY_SIZE,
    endOfText: END_OF_TEXT,
    beginOfText: null,
    tokenize: async (texts, { special, signal }) => {
      signal.throwIfAborted();
      return texts.map((text) => Int32Array.from(special ? text.split(MARK).flatMap(idsOf) : bytesOf(text)));
    },
    // What BYTE_CHAT_TEMPLATE says, without a reader of templates.
    render: async (messages, { generationPrompt }) => {
      const turns = messages.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`);
      return turns.join('') + (generationPrompt ? '<|im_start|>assistant\n' : '');
    },
  };
}
