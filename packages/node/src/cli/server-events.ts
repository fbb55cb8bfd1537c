/** The data of server-sent events of the node's own API. */
import { FilonError } from '@filon/core/errors';
import { EventReader } from '@filon/core/wire/event-reader';
import type { CliErrorDetails } from './errors.ts';

/** An event that is not over after this much is none of ours. */
export const EVENT_CHARS_MAX: number = 4 * 1024 * 1024;

export async function* readServerEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = new EventReader({ charactersMax: EVENT_CHARS_MAX, tooLong });
  for await (const piece of pieces) yield* reader.push(decoder.decode(piece, { stream: true }));
}

function tooLong(): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_API_BROKEN' },
    `The node sent an event of more than ${EVENT_CHARS_MAX} characters.`,
  );
}
