/**
 * What serving needs of the other nodes that hold a model (adapter: `swarm`), and the seats at which requests are
 * answered, here or there. Everything that comes from a seat elsewhere was checked, and is still only what a peer says.
 */
import type { ChatPrompt, Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { Candidate, RoutePolicy, RouteRequest } from '@filon/core/serving/routing';
import type {
  LoadedModel,
  SessionAhead,
  SessionRequest,
  SessionSign,
  TokenizedPrompt,
} from '@filon/core/serving/session';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Waiting } from './engine.ts';

/** A place where one request is answered, held until it is disposed of, which ends what runs there. */
export interface Seat extends Disposable {
  /** null: this node. */
  readonly node: KeyId | null;
  /** Sessions that may run here together; 0 where only tokens were asked for. */
  readonly slots: number;
  /** The model, in memory; here it is loaded again if a death took it away. */
  ready(options: Waiting): Promise<LoadedModel>;
  /** As Engine.tokenize. */
  tokenize(prompt: ChatPrompt | { kind: 'text'; text: string }, options: Waiting): Promise<TokenizedPrompt>;
  /** A seed for a request that brings none: neither the seat nor this node could choose it alone. Codes: REPLICA_LOST. */
  seed(options: Waiting): Promise<bigint>;
  /**
   * As Engine.open. REPLICA_LOST and REPLICA_REFUSED (there is no room for it): it cannot go on here; open it with the
   * tokens received so far at another seat.
   */
  open(request: SessionRequest, options: Waiting): AsyncIterable<SessionSign>;
  /** As Engine.embed. */
  embed(texts: readonly Int32Array[], options: Waiting): Promise<Float32Array[]>;
}

/** A place in the queue before a seat. */
export interface QueuePlace {
  /** From 1. */
  position: number;
  /** By the measured length of requests. */
  estimateMs: number;
}

export interface SeatWanted {
  /** sha256 of the variant's file. */
  model: string;
  /** Wished for together; at least one is given, or the seat waited for. 0: no slot, for tokens only. */
  sessions: number;
}

/**
 * What is known of a request before it has a seat. A seat elsewhere sends it along, and the calls that ask for exactly
 * this find their answers on the way: nothing waits for a round trip more.
 */
export interface SeatAhead {
  /** What `tokenize` will be asked for. */
  prompt: ChatPrompt | { kind: 'text'; text: string };
  /** `seed` will be asked for. */
  needsSeed: boolean;
  /** What `open` will be asked for, of the prompt's tokens; null: that is not known yet. */
  session: (SessionAhead & { scope: string }) | null;
}

export interface TakeOptions extends Waiting {
  onQueued?: (place: QueuePlace) => void;
}

/** Seats of this node, for peers: they wait behind its own requests, and never make a model leave memory. */
export interface GuestSeats {
  /** Codes: SERVE_QUEUE_FULL, SERVE_QUEUE_TIMEOUT, SERVE_MODEL_UNKNOWN (not in memory), SERVE_STOPPING. */
  take(wanted: SeatWanted, options: TakeOptions): Promise<Seat>;
  /** What is ready here, as a candidate: measured rates and the load of this moment. Upstreams among them have no seats. */
  offers(): readonly Candidate[];
  /**
   * By an upstream of this node alone, as Upstreams.complete; a failure at one is gone on with by another. Absent: this
   * node has none. Codes: UPSTREAM_*, SERVE_MODEL_NOT_READY, SERVE_QUEUE_FULL, SERVE_QUEUE_TIMEOUT, SERVE_STOPPING.
   */
  complete?(wanted: GuestText, options: TakeOptions): AsyncIterable<Chunk>;
}

/** A request that is answered by text. */
export interface TextWanted {
  /** What stands for the upstream's name. */
  model: string;
  /** The widest tier of an endpoint that may see it, as its node calls its endpoints. */
  reach: PrivacyTier;
  request: Omit<CompletionRequest, 'model'>;
  /** Of a chat: the beginning of the answer, which is gone on with; '': there is none. */
  begun: string;
}

export interface GuestText extends TextWanted {
  /** What whoever asks is to this node. */
  guest: PrivacyTier;
}

/** A model that other nodes have ready. */
export interface RemoteModel {
  /** What most of them call it. */
  name: string;
  sha256: string;
  /** 0: an upstream that does not say. */
  contextTokens: number;
  /** The narrowest tier that reaches one of them. */
  tier: PrivacyTier;
  /** They pass requests on to endpoints that are no nodes: it is answered by text, not at seats. */
  upstream?: true;
}

/** What became of a seat that was asked for: the memory of who is reliable is made from it. */
export interface SeatOutcome {
  node: KeyId;
  model: string;
  /**
   * `answered`: a session came to its own end. `left`: our side gave it up. `refused`: no seat (full, or over a limit).
   * `died`: its worker did. `lost`: the channel broke off, or nothing came within the measured deadline. `broken`: it
   * said what it may not say.
   */
  kind: 'answered' | 'left' | 'refused' | 'died' | 'lost' | 'broken';
  /** From the opening of the session; null: none came. */
  firstTokenMs: number | null;
  /** What the cost said of it beforehand. */
  expectedFirstTokenMs: number;
  /** Generated there, and how long the whole session took. */
  tokens: number;
  tookMs: number;
}

export interface Replicas {
  /** For lists, and for finding a model by its name or the beginning of its sha256. */
  models(): readonly RemoteModel[];
  /** Whether nodes have it ready, all of which answer their own operator alone. By name or sha256. */
  isWithheld(model: string): boolean;
  /**
   * Places elsewhere that could compute it, with the load of the likeliest asked for just now, within a deadline of its
   * own. Rejects with the signal's reason alone.
   */
  candidates(request: RouteRequest, options: Waiting): Promise<readonly Candidate[]>;
  policy(): RoutePolicy;
  /** A seat at that node. Codes: REPLICA_REFUSED (full, over a limit, none of its members), REPLICA_LOST (unreachable too). */
  take(wanted: SeatWanted & { node: KeyId; ahead?: SeatAhead | null }, options: TakeOptions): Promise<Seat>;
  /**
   * By an upstream of that node: as Upstreams.complete, and every piece was checked. Leaving the iteration leaves the
   * answer there. Codes: REPLICA_REFUSED, REPLICA_LOST, UPSTREAM_REFUSED and UPSTREAM_UNSUPPORTED (the request's fault).
   */
  complete(wanted: TextWanted & { node: KeyId }, options: Waiting): AsyncIterable<Chunk>;
  report(outcome: SeatOutcome): void;
}
