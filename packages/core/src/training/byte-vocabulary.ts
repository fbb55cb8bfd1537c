/** The vocabulary of byte-level models: every byte is a token, then three marks. */

export const END_OF_TEXT = 256;
// 257 begins a turn.
export const TURN_END = 258;

/** By id, from 256 on. */
export const BYTE_MARKS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const;
export const BYTE_VOCABULARY_SIZE: number = 256 + BYTE_MARKS.length;

/** ChatML, which most small models use. */
export const BYTE_CHAT_TEMPLATE: string =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
