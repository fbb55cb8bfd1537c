/** Answers members who ask how soon this node could answer them. */
import { type LoadMessage, loadCodec } from '@filon/core/directory/load-messages';
import { isFilonError } from '@filon/core/errors';
import type { Candidate } from '@filon/core/serving/routing';
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Channel, Network } from '../../ports/network.ts';
import type { GuestSeats } from '../../ports/replicas.ts';
import type { Guest } from '../answering/answer-limits.ts';
import type { Commitments } from '../answering/commitments.ts';
import type { Prefixes } from './prefixes.ts';

/** Questions of one peer in a row, and how often one more. */
const QUESTIONS_IN_A_ROW_MAX = 64;
const QUESTION_EVERY_MS = 50;
const PEERS_MAX = 1024;
/** For the question to come, and the answer to go. */
const TURN_MS = 5000;

export interface LoadHostDeps {
  network: Network;
  seats: Pick<GuestSeats, 'offers'>;
  commitments: Commitments;
  prefixes: Prefixes;
  clock: Clock;
  /** null: this node does not answer that peer. */
  guestOf: (peer: KeyId) => Pick<Guest, 'operator' | 'tier'> | null;
}

type Load = Extract<LoadMessage, { kind: 'load' }>;

export function serveLoad(deps: LoadHostDeps): Disposable {
  const paces = new Map<KeyId, { left: number; atMs: number }>();
  const { protocol, frameBytesMax } = loadCodec;
  const limits = { frameBytesMax, channelsPerPeerMax: 4, strangers: false };
  const over = new AbortController();
  const handling = deps.network.handle(
    protocol,
    async (channel) => {
      using _ = timeLimit(channel, deps.clock, over.signal);
      const answer = await answerTo(channel, deps, mayAsk(channel.peer, paces, deps.clock));
      if (answer) await channel.send(answer, { signal: over.signal });
      await channel.end();
    },
    limits,
  );
  return {
    [Symbol.dispose]: () => {
      over.abort();
      handling[Symbol.dispose]();
    },
  };
}

/** Null when the peer went without a question. */
async function answerTo(channel: Channel, deps: LoadHostDeps, mayAsk: boolean): Promise<Uint8Array | null> {
  for await (const frame of channel.frames) {
    if (!mayAsk) return refusal('LOAD_TOO_OFTEN', 'this node was asked more often than it answers');
    try {
      const message = loadCodec.decode(frame);
      if (message.kind === 'ask') return loadCodec.encode(loadFor(channel.peer, message, deps));
      return refusal('LOAD_NO_QUESTION', 'here one asks');
    } catch (error) {
      if (isFilonError(error)) return refusal(error.code, 'this node did not understand');
      throw error;
    }
  }
  return null;
}

function loadFor(
  peer: KeyId,
  { model, prefix }: Extract<LoadMessage, { kind: 'ask' }>,
  { seats, commitments, prefixes, guestOf }: LoadHostDeps,
): Load {
  const commitment = commitments.make(peer);
  const asker = guestOf(peer);
  const offers = seats.offers().filter((one) => one.model === model && one.ready);
  const offer = asker ? offers.find((one) => isFor(one, asker.tier)) : undefined;
  const none = { active: 0, queued: 0, sessionsMax: 1, queueMs: 0, cachedBlocks: 0 };
  if (offers.length === 0) prefixes.forget(model);
  if (!offer || !asker) return { kind: 'load', ready: false, ...none, commitment };
  const { active, queued, queueMs } = offer.load ?? none;
  const cachedBlocks = prefixes.cachedBlocks(model, asker.operator, prefix);
  const numbers = { active, queued, queueMs, sessionsMax: offer.sessionsMax, cachedBlocks };
  return { kind: 'load', ready: true, ...numbers, commitment };
}

/** Of upstreams each has its own bound. */
function isFor({ upstream }: Candidate, tier: PrivacyTier): boolean {
  return upstream === undefined || tierAllows(upstream.serves, tier);
}

function refusal(code: string, message: string): Uint8Array {
  return loadCodec.encode({ kind: 'error', code, message });
}

function mayAsk(peer: KeyId, paces: Map<KeyId, { left: number; atMs: number }>, clock: Clock): boolean {
  const nowMs = clock.monotonicMs();
  const before = paces.get(peer) ?? { left: QUESTIONS_IN_A_ROW_MAX, atMs: nowMs };
  const left = Math.min(QUESTIONS_IN_A_ROW_MAX, before.left + (nowMs - before.atMs) / QUESTION_EVERY_MS);
  const may = left >= 1;
  paces.delete(peer);
  paces.set(peer, { left: may ? left - 1 : left, atMs: nowMs });
  const [oldest] = paces.keys();
  if (paces.size > PEERS_MAX && oldest !== undefined) paces.delete(oldest);
  return may;
}

function timeLimit(channel: Channel, clock: Clock, signal: AbortSignal): Disposable {
  const done = new AbortController();
  clock.sleep(TURN_MS, { signal: AbortSignal.any([signal, done.signal]) }).then(
    () => channel.abort(),
    () => undefined,
  );
  return { [Symbol.dispose]: () => done.abort() };
}
