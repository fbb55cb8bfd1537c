/** Finds words in conversations, whatever their case and accents. */

export interface Found {
  conversation: string;
  /** Text around the match; null when only the title matches. */
  excerpt: { before: string; match: string; after: string } | null;
}

const AROUND = 32;

/** Lower case without accents, with one unit for each unit of `text`, so that places in both are the same. */
export function fold(text: string): string {
  return text.replace(/[^\x20-\x7e]|[A-Z]/g, (character) => {
    const plain = character.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
    return plain.length === character.length ? plain : character;
  });
}

/** null: the text does not contain what is searched for. `query` folded. */
export function excerptOf(text: string, query: string): NonNullable<Found['excerpt']> | null {
  if (query === '') return null;
  const at = fold(text).indexOf(query);
  if (at < 0) return null;
  const end = at + query.length;
  const from = Math.max(0, at - AROUND);
  return {
    before: `${from > 0 ? '…' : ''}${flat(text.slice(from, at))}`,
    match: flat(text.slice(at, end)),
    after: `${flat(text.slice(end, end + AROUND))}${end + AROUND < text.length ? '…' : ''}`,
  };
}

function flat(text: string): string {
  return text.replace(/\s+/g, ' ').toWellFormed();
}
