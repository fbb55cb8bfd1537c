/** Running text to passages of a size that can be told apart: whole paragraphs, gathered until a passage is full. */

/** UTF-16 units. */
export const PASSAGE_CHARS_MAX = 8192;
/** A passage is not cut so early for the sake of a better place. */
const PASSAGE_CHARS_MIN = 1024;
/** From the best place to cut to the worst. */
const ENDS = ['\n\n', '\n', '. ', ' '] as const;

export interface Passage {
  text: string;
  /** Line of its first character, from 1. */
  line: number;
}

/** Of `texts`, whatever their pieces are. */
export async function* passagesOf(texts: AsyncIterable<string>): AsyncGenerator<Passage> {
  let held = '';
  let line = 1;
  const cut = (length: number): Passage => {
    const part = held.slice(0, length);
    const blank = part.slice(0, part.length - part.trimStart().length);
    const passage = { text: part.trim(), line: line + lineFeeds(blank) };
    line += lineFeeds(part);
    held = held.slice(length);
    return passage;
  };
  for await (const text of texts) {
    held += text.replaceAll('\r', '');
    while (held.length > 2 * PASSAGE_CHARS_MAX) {
      const passage = cut(cutPlace(held));
      if (passage.text !== '') yield passage;
    }
  }
  while (held !== '') {
    const passage = cut(held.length <= PASSAGE_CHARS_MAX ? held.length : cutPlace(held));
    if (passage.text !== '') yield passage;
  }
}

function cutPlace(text: string): number {
  const room = text.slice(0, PASSAGE_CHARS_MAX);
  for (const end of ENDS) {
    const place = room.lastIndexOf(end);
    if (place >= PASSAGE_CHARS_MIN) return place + end.length;
  }
  const last = room.charCodeAt(room.length - 1);
  // Not between the halves of one character.
  return last >= 0xd800 && last < 0xdc00 ? room.length - 1 : room.length;
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
