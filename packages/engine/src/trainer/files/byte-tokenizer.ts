/** A byte-level vocabulary as GGUF has it: byte-pair encoding (GPT-2's) without a single merge. */
import { BYTE_CHAT_TEMPLATE, BYTE_MARKS, END_OF_TEXT, TURN_END } from '@filon/core/training/byte-vocabulary';
import type { MetaPair } from '../../gguf/encode.ts';

/** `enum llama_token_type` */
const NORMAL = 1;
const CONTROL = 3;

export function byteTokenizerMetadata(): MetaPair[] {
  const id = (value: number): MetaPair[1] => ({ type: 'u32', value });
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    // How text is cut before merging; without merges it changes nothing.
    ['tokenizer.ggml.pre', { type: 'string', value: 'gpt-2' }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: [...byteLetters(), ...BYTE_MARKS] }],
    [
      'tokenizer.ggml.token_type',
      {
        type: 'i32s',
        value: [...new Array<number>(256).fill(NORMAL), ...BYTE_MARKS.map(() => CONTROL)],
      },
    ],
    ['tokenizer.ggml.merges', { type: 'strings', value: [] }],
    ['tokenizer.ggml.bos_token_id', id(END_OF_TEXT)],
    ['tokenizer.ggml.eos_token_id', id(TURN_END)],
    ['tokenizer.ggml.padding_token_id', id(END_OF_TEXT)],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
    ['tokenizer.chat_template', { type: 'string', value: BYTE_CHAT_TEMPLATE }],
  ];
}

/** GPT-2's printable stand-in for each byte. */
function byteLetters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte < 256 && byte !== 173);
    return String.fromCodePoint(printable ? byte : next++);
  });
}
