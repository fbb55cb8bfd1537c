/** Making a response, and reading one again. */
import type { Context } from 'hono';
import type { Clock } from '../../../ports/clock.ts';
import type { DurableAnswers } from '../../../serve/durable/durable-answers.ts';
import { principalOf } from '../../access/principal.ts';
import type { Caller, Intake, Reply, ServingOf } from '../../http/intake.ts';
import { invalid, unsupported } from '../../http/validate.ts';
import { streamResponse, wholeResponse } from './answer.ts';
import { responseOf } from './fold.ts';
import { RESPONSE_ID_BYTES } from './limits.ts';
import { INCLUDE_PAUSES, includesOf, type ResponseCall, responseDraft } from './request.ts';
import { directSource, keptSource, type ResponseSource } from './source.ts';
import {
  type AnswerOwner,
  conversationOf,
  keptObject,
  keptResponse,
  type ResponseNote,
  unknownPrevious,
  unknownResponse,
} from './store.ts';
import type { ResponseWords } from './words.ts';

export interface ResponsesDeps {
  servingOf: ServingOf;
  intake: Intake;
  clock: Clock;
  /** Ids are made from it. */
  randomBytes: (count: number) => Uint8Array;
  /** Without it nothing is kept, and every answer ends with its connection. */
  answers: DurableAnswers | null;
}

export interface ResponseRequest {
  c: Context;
  deps: ResponsesDeps;
  caller: Caller;
  words: ResponseWords;
}

/** Codes: ANSWER_UNKNOWN where nothing is kept. */
export function placeOf(c: Context, { answers }: Pick<ResponsesDeps, 'answers'>): AnswerOwner {
  if (answers === null) throw unknownResponse(c.req.param('id') ?? '');
  return { answers, owner: principalOf(c).owner };
}

export async function create(body: Record<string, unknown>, request: ResponseRequest): Promise<Reply> {
  const { c, deps, caller, words } = request;
  const draft = responseDraft(body);
  caller.onUnknownFields(draft.unknownFields);
  const place = deps.answers === null ? null : placeOf(c, deps);
  const store = draft.store ?? place !== null;
  if (store && place === null) throw unsupported('store', 'this node keeps no answers; send false');
  if (draft.background && !store) throw invalid('background', 'needs store to be true');
  const call = draft.finish(await earlierOf(draft.previousId, place), store);
  const open = (): Promise<ResponseSource> =>
    store && place !== null ? startKept(call, place, request) : startDirect(call, request);
  const { echo, pauses } = call;
  if (call.stream) {
    const run = { caller, words, after: -1, pauses };
    return { kind: 'events', run: async (events) => streamResponse(await open(), echo, { ...run, events }) };
  }
  const source = await open();
  if (!draft.background) return { kind: 'json', value: await wholeResponse(source, echo, caller) };
  return { kind: 'json', value: responseOf(source.head, echo, { chunks: [], outcome: null }) };
}

async function earlierOf(id: string | null, place: AnswerOwner | null): ReturnType<typeof conversationOf> {
  if (id === null) return [];
  if (place === null) throw unknownPrevious(id);
  return await conversationOf(id, place);
}

async function startDirect(
  call: ResponseCall,
  { c, deps, caller }: ResponseRequest,
): Promise<ResponseSource> {
  const serving = deps.servingOf(c);
  return await directSource(call.request, { serving, clock: deps.clock, id: newId(deps) }, caller);
}

async function startKept(
  { request, echo, messages, pauses }: ResponseCall,
  place: AnswerOwner,
  { c, deps, caller }: ResponseRequest,
): Promise<ResponseSource> {
  const note: ResponseNote = { api: 'openai-responses', version: 1, echo, messages, pauses };
  const started = await place.answers.start(request, {
    id: newId(deps),
    owner: place.owner,
    note,
    keep: true,
    background: echo.background,
    serving: deps.servingOf(c),
    signal: caller.signal,
  });
  return keptSource(started, place, caller);
}

function newId({ randomBytes }: Pick<ResponsesDeps, 'randomBytes'>): string {
  return `resp_${Buffer.from(randomBytes(RESPONSE_ID_BYTES)).toString('hex')}`;
}

export async function retrieve(id: string, { c, deps, caller, words }: ResponseRequest): Promise<Reply> {
  const place = placeOf(c, deps);
  const kept = await keptResponse(id, place);
  if (c.req.query('stream') !== 'true') return { kind: 'json', value: keptObject(kept) };
  const after = startingAfter(c.req.query('starting_after'));
  const included = [...(c.req.queries('include') ?? []), ...(c.req.queries('include[]') ?? [])];
  const pauses = kept.note.pauses || includesOf(included, 'include').has(INCLUDE_PAUSES);
  const source = keptSource(kept.view, place, caller);
  // What a follower waits for is not the time to a first token.
  const follower = { ...caller, onFirstToken: () => undefined };
  const run = { caller: follower, words, after, pauses };
  return {
    kind: 'events',
    run: (events) => streamResponse(source, kept.note.echo, { ...run, events }),
  };
}

function startingAfter(value: string | undefined): number {
  if (value === undefined) return -1;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw invalid('starting_after', 'must be the number of an event');
}
