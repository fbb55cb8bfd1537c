/** Lines typed in earlier chats, for the arrow keys; in the home, for its user's eyes alone. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const LINES_MAX = 500;

export interface ChatHistory {
  /** Newest first, as readline wants them. */
  readonly lines: readonly string[];
  readonly linesMax: number;
  add(line: string): void;
}

/** Without `keep`, nothing is read or written. A history that cannot be kept is no reason to end a chat. */
export function openChatHistory(path: string, options: { keep: boolean }): ChatHistory {
  let lines = options.keep ? readLines(path) : [];
  return {
    get lines() {
      return lines;
    },
    linesMax: LINES_MAX,
    add: (line) => {
      if (!options.keep || line === lines[0]) return;
      lines = [line, ...lines].slice(0, LINES_MAX);
      try {
        writeFileSync(`${path}.new`, `${lines.toReversed().join('\n')}\n`, { mode: 0o600 });
        renameSync(`${path}.new`, path);
      } catch {
        // A full disk, say: the chat goes on.
      }
    },
  };
}

function readLines(path: string): string[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .toReversed()
      .slice(0, LINES_MAX);
  } catch {
    return [];
  }
}
