/**
 * The data of server-sent events (WHATWG HTML, 9.2): lines end in LF, CRLF or CR, an empty line ends an event, several
 * data lines are joined. Other fields and comments are passed over.
 */
import { FilonError } from '@filon/core/errors';
import type { CliErrorDetails } from './errors.ts';

/** An event that is not over after this much is none of ours. */
export const EVENT_CHARS_MAX: number = 4 * 1024 * 1024;

export async function* readServerEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for await (const piece of pieces) {
    rest += decoder.decode(piece, { stream: true });
    // A CR at the very end may be the first half of a CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > EVENT_CHARS_MAX) throw tooLong();
    for (const line of lines) {
      if (line === '' && data.length > 0) {
        yield data.join('\n');
        data = [];
      } else if (line === 'data' || line.startsWith('data:')) {
        data.push(line.slice('data:'.length).replace(/^ /, ''));
      }
    }
  }
}

function tooLong(): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_API_BROKEN' },
    `The node sent a line of more than ${EVENT_CHARS_MAX} characters.`,
  );
}
