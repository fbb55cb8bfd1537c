/** Sends a response: whole, or event by event. */

import type { EventStream } from '../../http/event-stream.ts';
import type { Caller } from '../../http/intake.ts';
import { type ResumeNews, resumeNews } from '../resume-text.ts';
import { ResponseFold } from './fold.ts';
import type { ResponseEcho, ResponseEvent, ResponseObject } from './shapes.ts';
import type { ResponseSource } from './source.ts';
import type { ResponseWords } from './words.ts';

/** A failed answer is an error, as everywhere; one that was stopped is a response. */
export async function wholeResponse(
  source: ResponseSource,
  echo: ResponseEcho,
  caller: Caller,
): Promise<ResponseObject> {
  const fold = new ResponseFold(source.head, echo);
  const first = once(caller.onFirstToken);
  try {
    for await (const chunk of source.chunks) {
      if (fold.take(chunk).length > 0) first();
    }
  } catch (error) {
    const outcome = await source.failed(error, caller.signal);
    if (outcome.kind === 'failed') throw error;
    fold.end(outcome);
    return fold.response;
  }
  fold.end(await source.done());
  return fold.response;
}

export interface StreamOptions {
  events: EventStream;
  caller: Caller;
  words: ResponseWords;
  /** Number of the last event that the client has; -1: none. */
  after: number;
  /** Pauses as events too, beside the comments that everybody gets. */
  pauses: boolean;
}

export async function streamResponse(
  source: ResponseSource,
  echo: ResponseEcho,
  { events, caller, words, after, pauses }: StreamOptions,
): Promise<void> {
  const fold = new ResponseFold(source.head, echo);
  const first = once(caller.onFirstToken);
  const send = (made: readonly ResponseEvent[]): void => {
    const fresh = made.filter((event) => event.sequence_number > after);
    if (fresh.length > 0) events.write(fresh.map(eventText).join(''));
    words.sequence = Math.max(words.sequence, fold.sequence);
  };
  send(fold.begin());
  try {
    for await (const chunk of source.chunks) {
      if (chunk.kind === 'pause') {
        if (fold.sequence >= after) events.write(pauseText(fold.sequence, pauses));
      } else if (chunk.kind === 'begun' || chunk.kind === 'drawn') {
        if (fold.sequence >= after) events.write(resumeText(fold.sequence, resumeNews(chunk)));
      } else {
        const made = fold.take(chunk);
        if (made.length > 0) first();
        send(made);
      }
      const room = events.room();
      if (room !== null) await room;
    }
  } catch (error) {
    const outcome = await source.failed(error, caller.signal);
    send(fold.end(outcome));
    if (outcome.kind !== 'failed') return;
    words.tell(error);
    throw error;
  }
  send(fold.end(await source.done()));
}

function eventText(event: ResponseEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A pause takes no number: it carries that of the event before it. */
function pauseText(sequence: number, asEvent: boolean): string {
  if (!asEvent) return ': pause\n\n';
  const type = 'response.filon.pause';
  return `: pause\n\nevent: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence })}\n\n`;
}

/** Takes no number either; `from` tells news that came before. */
function resumeText(sequence: number, news: ResumeNews): string {
  const type = 'response.filon.resume';
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...news })}\n\n`;
}

function once(tell: () => void): () => void {
  let told = false;
  return () => {
    if (!told) tell();
    told = true;
  };
}
