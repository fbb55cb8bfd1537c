/** Upstreams of this process: their answers are scripted, word by word. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { orAborted } from '@filon/core/abort';
import type { Chunk } from '@filon/core/serving/completion';
import { upstreamHost } from '@filon/core/upstream/address';
import { upstreamBroken, upstreamError, upstreamUnreachable } from '@filon/core/upstream/errors';
import type { Waiting } from '../../ports/engine.ts';
import type {
  Endpoint,
  EndpointAddress,
  UpstreamModel,
  UpstreamRequest,
  Upstreams,
} from '../../ports/upstreams.ts';
import { embeddingOf, logprobOf } from './scripted-answer.ts';
import { tokensOf } from './scripted-vocabulary.ts';

export interface MemoryEndpoint {
  /** Nobody listens there. */
  down?: boolean;
  key?: string;
  models: readonly UpstreamModel[];
  /** What is left to say. */
  answer: (asked: UpstreamRequest) => string;
  /** Waited for before each word, counted from 0 in each choice; what it throws ends the answer. */
  beforeWord?: (at: number, asked: UpstreamRequest) => Promise<void> | void;
  /** Chunks before the words, such as thoughts. */
  first?: readonly Chunk[];
  saysUsage?: boolean;
}

export interface MemoryUpstreams extends Upstreams {
  /** By url. */
  readonly endpoints: Map<string, MemoryEndpoint>;
  /** All that were asked for, in order. */
  readonly requests: { url: string; asked: UpstreamRequest }[];
  /** Answers that run. */
  readonly running: number;
}

const EMBEDDING_LENGTH = 64;

export function createMemoryUpstreams(endpoints: Readonly<Record<string, MemoryEndpoint>>): MemoryUpstreams {
  return new ScriptedUpstreams(new Map(Object.entries(endpoints)));
}

class ScriptedUpstreams implements MemoryUpstreams {
  readonly requests: MemoryUpstreams['requests'] = [];
  running = 0;
  readonly endpoints: Map<string, MemoryEndpoint>;

  constructor(endpoints: Map<string, MemoryEndpoint>) {
    this.endpoints = endpoints;
  }

  async models(endpoint: EndpointAddress, { signal }: Waiting): Promise<UpstreamModel[]> {
    await nextTurn();
    signal.throwIfAborted();
    return [...this.#at(endpoint).models];
  }

  async *complete(endpoint: Endpoint, asked: UpstreamRequest, { signal }: Waiting): AsyncGenerator<Chunk> {
    signal.throwIfAborted();
    this.requests.push({ url: endpoint.url, asked });
    const script = this.#modelAt(endpoint, asked.model);
    this.running += 1;
    try {
      yield* script.first ?? [];
      let completionTokens = 0;
      for (let choice = 0; choice < asked.request.choices; choice++) {
        completionTokens += yield* words(script, { choice, asked }, signal);
      }
      if (script.saysUsage === false) return;
      const promptTokens = tokensOf(JSON.stringify(asked.request.prompt)).length;
      yield { kind: 'usage', usage: { promptTokens, cachedTokens: 0, completionTokens, reasoningTokens: 0 } };
    } finally {
      this.running -= 1;
    }
  }

  async embed(
    ...[endpoint, { model, inputs }, { signal }]: Parameters<Upstreams['embed']>
  ): ReturnType<Upstreams['embed']> {
    this.#modelAt(endpoint, model);
    await nextTurn();
    signal.throwIfAborted();
    const texts = inputs.map((input) => {
      if (input.kind === 'chat') {
        const message = 'a chat has no vector at an upstream; send text';
        throw upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'vectors of chats' }, message);
      }
      return Int32Array.from(input.kind === 'tokens' ? input.tokens : tokensOf(input.text));
    });
    const promptTokens = texts.reduce((sum, { length }) => sum + length, 0);
    return { vectors: texts.map((tokens) => embeddingOf(tokens, EMBEDDING_LENGTH)), promptTokens };
  }

  #at({ url, key }: EndpointAddress): MemoryEndpoint {
    const host = upstreamHost(url);
    const script = this.endpoints.get(url);
    if (script === undefined || script.down === true) throw upstreamUnreachable(host, 'nobody listens there');
    if (script.key === undefined || script.key === key) return script;
    const details = { code: 'UPSTREAM_KEY_REFUSED', host, status: 401 } as const;
    throw upstreamError(details, `the upstream ${host} does not take the key`);
  }

  #modelAt(endpoint: Endpoint, model: string): MemoryEndpoint {
    const script = this.#at(endpoint);
    if (script.models.some(({ id }) => id === model)) return script;
    const host = upstreamHost(endpoint.url);
    const message = `the upstream ${host} has no model ${model}`;
    throw upstreamError({ code: 'UPSTREAM_FAILED', host, status: 404 }, message);
  }
}

/** Returns how many there were. */
async function* words(
  script: MemoryEndpoint,
  { choice, asked }: { choice: number; asked: UpstreamRequest },
  signal: AbortSignal,
): AsyncGenerator<Chunk, number> {
  const { maxTokens, topLogprobs, stop } = asked.request;
  const said = cutAt(script.answer(asked), stop);
  const all = said.text.match(/\s*\S+|\s+$/g) ?? [];
  const most = maxTokens ?? all.length;
  for (const [at, text] of all.slice(0, most).entries()) {
    await orAborted(Promise.resolve(script.beforeWord?.(at, asked) ?? nextTurn()), signal);
    const logprobs = topLogprobs === null ? [] : [logprobOf(at, at, topLogprobs)];
    yield { kind: 'delta', choice, text, logprobs };
  }
  const cut = all.length > most;
  const met = cut || said.stop === null ? {} : { stop: said.stop };
  yield { kind: 'end', choice, reason: cut ? 'length' : 'stop', ...met };
  return Math.min(most, all.length);
}

function cutAt(text: string, stops: readonly string[]): { text: string; stop: string | null } {
  const [first] = stops
    .map((stop) => ({ stop, at: text.indexOf(stop) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  return first ? { text: text.slice(0, first.at), stop: first.stop } : { text, stop: null };
}

/** For {@link MemoryEndpoint.beforeWord}: breaks answers off before their word number `at`, as often as `times`. */
export function cutBefore(at: number, times = 1): (word: number) => void {
  let left = times;
  return (word) => {
    if (word !== at || left === 0) return;
    left -= 1;
    throw upstreamBroken('memory', 'its answer broke off');
  };
}
