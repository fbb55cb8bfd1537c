/**
 * Endpoints that are not ours and speak OpenAI's API: a request is passed on as a request, its answer comes back as
 * chunks. Adapters: HTTP (real), memory (tests). Whatever comes of them was checked, and is still only what they say.
 */
import type { Chunk, CompletionRequest, Prompt } from '@filon/core/serving/completion';
import type { UpstreamKind } from '@filon/core/upstream/kinds';
import type { Waiting } from './engine.ts';

export interface Endpoint {
  /** Base of its API, without a slash at the end. */
  url: string;
  kind: UpstreamKind;
  /** Sent with every request, and to nobody else; null: it wants none. */
  key: string | null;
  /** sha256 of its certificate, `AB:CD:...`, for one that no authority signed; null: an authority did. */
  fingerprint: string | null;
}

/** Where it is, and how it is known. */
export type EndpointAddress = Omit<Endpoint, 'kind'>;

/** A model that an endpoint lists. */
export interface UpstreamModel {
  id: string;
  kind: UpstreamKind;
  /** null: it does not say. */
  contextTokens: number | null;
  /** It is a Filon node that would pass the request on itself. */
  passedOn: boolean;
}

export interface UpstreamRequest {
  /** As the endpoint calls its model. */
  model: string;
  request: Omit<CompletionRequest, 'model'>;
  /** Of a chat: the beginning of the answer, which is gone on with; '': there is none. */
  begun: string;
  /** What the model holds, to say how long an answer may be where an endpoint would take very little; null: not known. */
  contextTokens: number | null;
}

export interface Upstreams {
  /** Codes: UPSTREAM_*. */
  models(endpoint: EndpointAddress, options: Waiting): Promise<UpstreamModel[]>;
  /**
   * As Answer.chunks, but for `pause`, and `usage` comes only where the endpoint says it. Every choice has its end, or
   * the iteration throws. Leaving the iteration or aborting closes the connection at once. Codes: UPSTREAM_*.
   */
  complete(endpoint: Endpoint, asked: UpstreamRequest, options: Waiting): AsyncIterable<Chunk>;
  /** One vector an input, in order, all of one length. `promptTokens`: null: it does not say. Codes: UPSTREAM_*. */
  embed(
    endpoint: Endpoint,
    asked: { model: string; inputs: readonly Prompt[] },
    options: Waiting,
  ): Promise<{ vectors: Float32Array[]; promptTokens: number | null }>;
}

/** Keys of upstreams, by the id of the upstream: not in the store, which is not for secrets. */
export interface UpstreamKeys {
  /** Codes: HOME_KEY. */
  get(id: string): string | null;
  put(id: string, key: string): void;
  delete(id: string): void;
}
