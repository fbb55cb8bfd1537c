/**
 * Chunks of an answer as the events of a response, and as the response itself. The same chunks always make the same
 * events with the same numbers, so a stream can be made again from stored chunks and cut anywhere.
 */
import {
  type Chunk,
  type ContentChunk,
  type EndReason,
  isContent,
  type ServedBy,
  type TokenLogprob,
  type Usage,
} from '@filon/core/serving/completion';
import { type ItemKind, OpenItem } from './open-item.ts';
import type {
  EventBody,
  ItemStatus,
  OutputItem,
  ResponseEcho,
  ResponseEvent,
  ResponseFailure,
  ResponseObject,
  ResponseServer,
  ResponseStatus,
  ResponseUsage,
} from './shapes.ts';

export interface ResponseHead {
  id: string;
  model: string;
  createdMs: number;
}

export type Outcome =
  /** `endedMs`: null where it is not known. */
  | { kind: 'done'; endedMs: number | null }
  | { kind: 'failed'; failure: ResponseFailure }
  | { kind: 'cancelled' };

const ID_PREFIXES: Readonly<Record<ItemKind, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
};

export class ResponseFold {
  readonly #head: ResponseHead;
  readonly #echo: ResponseEcho;
  readonly #closed: OutputItem[] = [];
  #open: OpenItem | null = null;
  #openCall = -1;
  #next = 0;
  #reason: EndReason | null = null;
  #usage: ResponseUsage | null = null;
  #servers: ResponseServer[] = [];
  #outcome: Outcome | null = null;

  constructor(head: ResponseHead, echo: ResponseEcho) {
    this.#head = head;
    this.#echo = echo;
  }

  /** Number of the last event; -1: none yet. */
  get sequence(): number {
    return this.#next - 1;
  }

  begin(): ResponseEvent[] {
    const { response } = this;
    return this.#numbered([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]);
  }

  /** Only content makes events: where pauses fall is no property of the answer. Other choices than the first are none. */
  take(chunk: Chunk): ResponseEvent[] {
    if (chunk.kind === 'usage') {
      this.#usage = usageOf(chunk.usage);
      this.#servers = (chunk.servedBy ?? []).map(serverOf);
    }
    if (!isContent(chunk) || chunk.choice !== 0) return [];
    return this.#numbered(this.#grown(chunk));
  }

  end(outcome: Outcome): ResponseEvent[] {
    const closing = this.#close('incomplete');
    this.#outcome = outcome;
    const { response } = this;
    return this.#numbered([...closing, { type: `response.${endingOf(response.status)}`, response }]);
  }

  /** As it is now. */
  get response(): ResponseObject {
    const { id, model, createdMs } = this.#head;
    const open = this.#open === null ? [] : [this.#open.item('in_progress')];
    const status = statusOf(this.#outcome, this.#reason);
    const endedMs = this.#outcome?.kind === 'done' ? this.#outcome.endedMs : null;
    return {
      ...this.#echo,
      id,
      object: 'response',
      created_at: seconds(createdMs),
      completed_at: status === 'completed' && endedMs !== null ? seconds(endedMs) : null,
      status,
      error: this.#outcome?.kind === 'failed' ? this.#outcome.failure : null,
      incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
      model,
      output: [...this.#closed, ...open],
      usage: this.#usage,
      ...(this.#servers.length === 0 ? {} : { filon: { served_by: this.#servers } }),
    };
  }

  #grown(chunk: ContentChunk): EventBody[] {
    switch (chunk.kind) {
      case 'delta':
        return this.#growItem('message', chunk.text, chunk.logprobs);
      case 'reasoning':
        return this.#growItem('reasoning', chunk.text, []);
      case 'tool-call': {
        this.#openCall = chunk.index;
        return this.#begin('function_call', { call_id: chunk.id, name: chunk.name });
      }
      case 'tool-arguments': {
        const current = this.#open?.kind === 'function_call' && this.#openCall === chunk.index;
        return current && this.#open !== null ? [this.#open.grow(chunk.text, [])] : [];
      }
      case 'end':
        return this.#ended(chunk.reason);
    }
  }

  #growItem(kind: 'message' | 'reasoning', text: string, logprobs: readonly TokenLogprob[]): EventBody[] {
    const events = this.#open?.kind === kind ? [] : this.#begin(kind, null);
    if (this.#open !== null) events.push(this.#open.grow(text, logprobs));
    return events;
  }

  /** An answer that says nothing at all is a message without text, so that a conversation keeps its turns. */
  #ended(reason: EndReason): EventBody[] {
    this.#reason = reason;
    const empty = this.#open === null && this.#closed.length === 0;
    const beginning = empty ? this.#begin('message', null) : [];
    return [...beginning, ...this.#close(reason === 'length' ? 'incomplete' : 'completed')];
  }

  #begin(kind: ItemKind, call: { call_id: string; name: string } | null): EventBody[] {
    const closing = this.#close('completed');
    const at = this.#closed.length;
    this.#open = new OpenItem(kind, { id: itemId(this.#head.id, kind, at), at }, call);
    return [...closing, ...this.#open.begin()];
  }

  #close(status: ItemStatus): EventBody[] {
    if (this.#open === null) return [];
    const events = this.#open.end(status);
    this.#closed.push(this.#open.item(status));
    this.#open = null;
    return events;
  }

  #numbered(events: readonly EventBody[]): ResponseEvent[] {
    return events.map((event) => {
      const sequence_number = this.#next++;
      return { ...event, sequence_number };
    });
  }
}

/** An answer whose chunks are all there, or as many as there are yet (`outcome` null). */
export function responseOf(
  head: ResponseHead,
  echo: ResponseEcho,
  { chunks, outcome }: { chunks: readonly Chunk[]; outcome: Outcome | null },
): ResponseObject {
  const fold = new ResponseFold(head, echo);
  for (const chunk of chunks) fold.take(chunk);
  if (outcome !== null) fold.end(outcome);
  return fold.response;
}

/** `resp_5f` and the third item: `msg_5f_2`. */
export function itemId(responseId: string, kind: keyof typeof ID_PREFIXES, at: number): string {
  return `${ID_PREFIXES[kind]}_${responseId.replace(/^resp_/, '')}_${at}`;
}

function statusOf(outcome: Outcome | null, reason: EndReason | null): ResponseStatus {
  if (outcome === null) return 'in_progress';
  if (outcome.kind !== 'done') return outcome.kind;
  return reason === 'length' ? 'incomplete' : 'completed';
}

/** There is no event for a cancelled response; `incomplete` ends a stream too, and the response in it says the rest. */
function endingOf(status: ResponseStatus): 'completed' | 'incomplete' | 'failed' {
  return status === 'completed' || status === 'failed' ? status : 'incomplete';
}

function usageOf({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): ResponseUsage {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: promptTokens - cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  };
}

function serverOf({ node, operator, tier, numericClass, upstream, price }: ServedBy): ResponseServer {
  return {
    ...{ node, operator, tier, numeric_class: numericClass },
    ...(upstream === undefined ? {} : { upstream }),
    ...(price === undefined
      ? {}
      : { price: { prompt_pico: price.promptPico, answer_pico: price.answerPico } }),
  };
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
