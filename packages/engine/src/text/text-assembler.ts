/**
 * Turns the pieces of tokens into text that may be shown. A piece need not be whole characters, and a stop string may
 * begin in one piece and end in another, so some text waits. What comes out is a function of the pieces alone: pushing
 * them again gives the same texts at the same places.
 */
import { createStopMatcher } from './stop-matcher.ts';

export interface TextAssembler {
  /** The stop string that was met; nothing comes out after it. null: none was. */
  readonly stoppedBy: string | null;
  /**
   * Takes the bytes of the next token; returns the text that may be shown now, which can be empty. Never part of a
   * character, of a stop string, or of what may become one.
   */
  push(piece: Uint8Array): string;
  /** The answer is over: returns what was held back. An unfinished character becomes U+FFFD. */
  flush(): string;
}

/**
 * `stop`: strings that end the text. The first to be complete counts, of several that end at the same place the
 * longest; neither it nor anything after it comes out. Invalid UTF-8 becomes U+FFFD as the Encoding Standard says.
 */
export function createTextAssembler({ stop }: { stop: readonly string[] }): TextAssembler {
  // A lone surrogate could otherwise match half of a character.
  const matcher = createStopMatcher(stop.map((string) => string.toWellFormed()));
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let held = '';
  let stoppedBy: string | null = null;

  const take = (text: string): string => {
    const before = held.length;
    held += text;
    for (let i = 0; i < text.length; i++) {
      const matched = matcher.next(text.charCodeAt(i));
      if (matched === 0) continue;
      const end = before + i + 1;
      stoppedBy = held.slice(end - matched, end);
      const shown = held.slice(0, end - matched);
      held = '';
      return shown;
    }
    const shown = held.slice(0, held.length - matcher.pending);
    held = held.slice(shown.length);
    return shown;
  };

  return {
    get stoppedBy() {
      return stoppedBy;
    },
    push: (piece) => (stoppedBy !== null ? '' : take(decoder.decode(piece, { stream: true }))),
    flush() {
      if (stoppedBy !== null) return '';
      const rest = take(decoder.decode()) + held;
      held = '';
      return rest;
    },
  };
}
