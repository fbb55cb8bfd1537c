/** A request that an upstream of another node answers, over the network. Whatever comes back is checked. */
import {
  COMPLETION_PROTOCOL,
  type CompletionTell,
  completionAsks,
  completionTells,
} from '@filon/core/answering/completion-messages';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import type { KeyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import { replicaLost } from '@filon/core/swarm/replica-errors';
import { upstreamError } from '@filon/core/upstream/errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel } from '../../ports/network.ts';
import type { Replicas, TextWanted } from '../../ports/replicas.ts';
import { PIECE_FIRST_MS, PIECE_NEXT_MS } from './answer-constants.ts';
import { CheckedChunks } from './checked-chunks.ts';
import { QuietWatch } from './quiet-watch.ts';
import { openChannel, type RemoteAnswersDeps } from './remote-answers.ts';

type Deps = Pick<RemoteAnswersDeps, 'network' | 'clock' | 'reach'>;
type Asked = TextWanted & { node: KeyId };

export function createRemoteCompletions(deps: Deps): Pick<Replicas, 'complete'> {
  return { complete: (wanted, options) => complete(wanted, deps, options) };
}

async function* complete(asked: Asked, deps: Deps, { signal }: Waiting): AsyncGenerator<Chunk> {
  const { node } = asked;
  const ask = askOf(asked);
  const channel = await openChannel({ node, protocol: COMPLETION_PROTOCOL }, deps, { signal });
  const { roundTripMs = null } = deps.network.peers().find(({ peer }) => peer === node) ?? {};
  const life = new AbortController();
  const leave = (): void => channel.abort();
  signal.addEventListener('abort', leave, { once: true });
  const watch = new Watch(deps.clock, { roundTripMs });
  watch.untilLost(node, life.signal).catch((error: unknown) => {
    life.abort(error);
    channel.abort();
  });
  try {
    await channel.send(ask, { signal: AbortSignal.any([signal, life.signal]) });
    yield* told(asked, channel, watch);
  } catch (error) {
    signal.throwIfAborted();
    throw life.signal.aborted ? life.signal.reason : lost(node, error);
  } finally {
    signal.removeEventListener('abort', leave);
    life.abort();
    channel.abort();
  }
}

/** Codes: REPLICA_REFUSED (longer than another node takes). */
function askOf({ node, model, reach, request, begun }: Asked): Uint8Array {
  try {
    return completionAsks.encode({ kind: 'complete', model, reach, wanted: { request, begun } });
  } catch (cause) {
    const message = `the request is longer than the node ${keyName(node)} takes`;
    throw new FilonError({ code: 'REPLICA_REFUSED', node, reason: 'WIRE_TOO_LARGE' }, message, { cause });
  }
}

async function* told({ node, request }: Asked, channel: Channel, watch: Watch): AsyncGenerator<Chunk> {
  const checked = new CheckedChunks(request);
  const broken = (how: string): Error => replicaLost(node, { how: 'broken', reason: how });
  let isBegun = false;
  for await (const frame of channel.frames) {
    const tell = completionTells.decode(frame);
    watch.heard(tell);
    if (tell.kind === 'refused') throw refusal(node, tell, isBegun);
    if (tell.kind === 'chunks') {
      isBegun = true;
      for (const chunk of tell.chunks) {
        const fault = checked.faultOf(chunk);
        if (fault !== null) throw broken(fault);
        watch.rest();
        yield chunk;
        watch.listen();
      }
    }
    if (tell.kind === 'done') {
      if (!checked.isWhole) throw broken('it says that it is done, and is not');
      if (tell.usage !== null) yield { kind: 'usage', usage: tell.usage };
      return;
    }
  }
  throw replicaLost(node, { how: 'closed' });
}

/** Of what the node says itself only what another one would say as well is the request's. */
function refusal(node: KeyId, tell: Extract<CompletionTell, { kind: 'refused' }>, isBegun: boolean): Error {
  const { code, message, position, waitSeconds } = tell;
  const host = keyName(node);
  if (code === 'UPSTREAM_REFUSED')
    return upstreamError({ code, host, status: 400 }, `${message}, says ${host}`);
  if (code === 'UPSTREAM_UNSUPPORTED') return upstreamError({ code, what: 'what was asked' }, message);
  if (isBegun) return replicaLost(node, { how: 'failed', reason: code });
  const details = {
    ...{ code: 'REPLICA_REFUSED', node, reason: code },
    ...(position === null ? {} : { position }),
    ...(waitSeconds === null ? {} : { retryAfterSeconds: waitSeconds }),
  };
  return new FilonError(details, `the node ${host} does not answer (${code}): ${message}`);
}

function lost(node: KeyId, error: unknown): unknown {
  if (!isFilonError(error) || !/^(NETWORK|WIRE)_/.test(error.code)) return error;
  const how = error.code.startsWith('WIRE_') ? 'broken' : 'closed';
  return replicaLost(node, { how, reason: error.code }, error);
}

/** Notices a node that fell silent, and one that is there and answers nothing. */
class Watch {
  readonly #clock: Clock;
  readonly #quiet: QuietWatch;
  #limitMs = PIECE_FIRST_MS;
  /** null: this side is not listening. */
  #sinceMs: number | null;

  constructor(clock: Clock, link: { roundTripMs: number | null }) {
    this.#clock = clock;
    this.#quiet = new QuietWatch(clock, link);
    this.#sinceMs = clock.monotonicMs();
  }

  heard({ kind }: CompletionTell): void {
    this.#quiet.heard();
    if (kind === 'chunks') this.#limitMs = PIECE_NEXT_MS;
  }

  /** The reader of the answer has a piece. */
  rest(): void {
    this.#quiet.rest();
    this.#sinceMs = null;
  }

  listen(): void {
    this.#quiet.listen();
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** Rejects with REPLICA_LOST, or with the signal's reason. */
  async untilLost(node: KeyId, signal: AbortSignal): Promise<never> {
    const quiet = this.#quiet.untilQuiet(signal).then((quietMs) => {
      throw replicaLost(node, { how: 'silent', reason: `for ${Math.round(quietMs)} ms` });
    });
    const stuck = this.#untilStuck(signal).then(() => {
      throw replicaLost(node, { how: 'stuck' });
    });
    return await Promise.race([quiet, stuck]);
  }

  async #untilStuck(signal: AbortSignal): Promise<void> {
    for (;;) {
      const passedMs = this.#sinceMs === null ? 0 : this.#clock.monotonicMs() - this.#sinceMs;
      if (passedMs >= this.#limitMs) return;
      await this.#clock.sleep(this.#limitMs - passedMs, { signal });
    }
  }
}
