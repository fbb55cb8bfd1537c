/** Bytes to text to lines, with bounded memory whatever the lines are like. */
import { encodingBad } from '@filon/core/training/data/errors';
import type { Encoding } from '@filon/core/training/data/source';

/** UTF-16 units of one line. */
export const LINE_CHARS_MAX: number = 2 ** 23;

export interface TextLine {
  text: string;
  /** From 1. */
  number: number;
  /** Whether the line was longer, and is cut here; what follows is not given. */
  isCut: boolean;
}

/** Without a byte order mark. Code: DATA_ENCODING. */
export async function* decodedText(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  let offset = 0;
  try {
    for await (const chunk of chunks) {
      const text = decoder.decode(chunk, { stream: true });
      offset += chunk.length;
      yield text;
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line++;
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  } catch (error) {
    if (
      !(error instanceof TypeError) ||
      !('code' in error) ||
      error.code !== 'ERR_ENCODING_INVALID_ENCODED_DATA'
    )
      throw error;
    throw encodingBad(name, { line, offset, encoding }, 'at or soon after that place; save it as UTF-8');
  }
}

/** Lines end with LF or CR LF. */
export async function* linesOf(
  texts: AsyncIterable<string>,
  charsMax: number = LINE_CHARS_MAX,
): AsyncGenerator<TextLine> {
  let parts: string[] = [];
  let length = 0;
  let number = 1;
  const take = (): TextLine => {
    const text = parts.join('').slice(0, charsMax);
    const line = { text: text.endsWith('\r') ? text.slice(0, -1) : text, number, isCut: length > charsMax };
    parts = [];
    length = 0;
    number++;
    return line;
  };
  for await (const text of texts) {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      if (length <= charsMax) parts.push(text.slice(from, end));
      length += end - from;
      yield take();
      from = end + 1;
    }
    if (length <= charsMax) parts.push(text.slice(from));
    length += text.length - from;
  }
  if (length > 0) yield take();
}
