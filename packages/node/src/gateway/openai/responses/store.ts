/** Responses in the store of answers: what is kept with them, and what comes back. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { ChatMessage, Chunk } from '@filon/core/serving/completion';
import type { DurableAnswers, StoredAnswerView } from '../../../serve/durable/durable-answers.ts';
import type { DurableErrorDetails } from '../../../serve/durable/errors.ts';
import type { GatewayErrorDetails } from '../../http/errors.ts';
import { failureOf } from './failure.ts';
import { type Outcome, responseOf } from './fold.ts';
import { outputMessages } from './input.ts';
import type { ResponseEcho, ResponseObject } from './shapes.ts';

/** Answers as one owner may have them. */
export interface AnswerOwner {
  answers: DurableAnswers;
  owner: string;
}

/** Kept with an answer. Answers of other APIs are in the same store: `api` tells them apart. */
export interface ResponseNote {
  api: 'openai-responses';
  version: 1;
  echo: ResponseEcho;
  /** The conversation before the answer, without the instructions. */
  messages: ChatMessage[];
  /** Whoever follows hears of pauses as events. */
  pauses: boolean;
}

export interface Kept {
  view: StoredAnswerView;
  note: ResponseNote;
}

/** Codes: ANSWER_UNKNOWN. */
export async function keptResponse(id: string, { answers, owner }: AnswerOwner): Promise<Kept> {
  return keptOf(await answers.get(id, { owner }));
}

/** Codes: ANSWER_UNKNOWN, for an answer of another API. */
export function keptOf(view: StoredAnswerView): Kept {
  const note = view.note as Partial<ResponseNote> | null;
  if (typeof note === 'object' && note?.api === 'openai-responses' && note.version === 1) {
    return { view, note: note as ResponseNote };
  }
  throw unknownResponse(view.id);
}

export function keptObject({ view, note }: Kept): ResponseObject {
  return responseOf(view, note.echo, { chunks: view.chunks, outcome: outcomeOf(view) });
}

/** null while it runs. */
export function outcomeOf({ state, endedMs, error }: StoredAnswerView): Outcome | null {
  if (state === 'running') return null;
  if (state === 'done') return { kind: 'done', endedMs };
  if (state === 'cancelled') return { kind: 'cancelled' };
  return { kind: 'failed', failure: failureOf(error === null ? null : FilonError.fromObject(error)) };
}

/** The conversation up to and with a response. One that was stopped counts with what there is of it. */
export async function conversationOf(id: string, place: AnswerOwner): Promise<ChatMessage[]> {
  try {
    const kept = await keptResponse(id, place);
    return [...kept.note.messages, ...outputMessages(keptObject(kept).output)];
  } catch (error) {
    if (!isFilonError(error, 'ANSWER_UNKNOWN')) throw error;
    throw unknownPrevious(id);
  }
}

export function unknownPrevious(id: string): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_RESPONSE_UNKNOWN', field: 'previous_response_id' },
    `there is no response '${id}' to go on from; send the conversation as input`,
  );
}

export function unknownResponse(id: string): FilonError {
  const details = { code: 'ANSWER_UNKNOWN', id } as const;
  return new FilonError<DurableErrorDetails>(
    details,
    `there is no response '${id}' here; only the node that was asked has it, and elsewhere one must ask again`,
  );
}

export async function* chunksOf(
  id: string,
  { answers, owner }: AnswerOwner,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<Chunk> {
  for await (const { chunk } of answers.follow(id, { owner, after: -1, signal })) yield chunk;
}
