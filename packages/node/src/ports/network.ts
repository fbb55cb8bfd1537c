/**
 * Authenticated, encrypted channels of frames to other nodes, by their key. Knows nothing of models or members but one
 * question: whether a peer may use a protocol. Adapters: libp2p (real), memory (tests and simulations).
 */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Waiting } from './engine.ts';

/** One conversation of two nodes. Both halves carry whole frames, in order. */
export interface Channel {
  readonly peer: KeyId;
  /**
   * Resolves when the frame is on its way and more may follow: a reader that is slow holds the sender up. Sends keep
   * their order. One that is aborted after its first byte went breaks the channel off. At least one byte. Codes:
   * NETWORK_CHANNEL_LOST, NETWORK_FRAME_TOO_LARGE (nothing was sent).
   */
  send(frame: Uint8Array, options: Waiting): Promise<void>;
  /**
   * What the other side sends, until it ends its half. One reader at a time; leaving the iteration keeps the channel,
   * and the next one goes on behind it. Taking nothing holds the other side up. Codes: NETWORK_CHANNEL_LOST (it broke
   * off), NETWORK_FRAME_TOO_LARGE (the channel broke off for it).
   */
  readonly frames: AsyncIterable<Uint8Array>;
  /** Ends our half; the other half may go on. */
  end(): Promise<void>;
  /** Drops both halves at once; the other side hears NETWORK_CHANNEL_LOST. Harmless when it is over. */
  abort(): void;
}

/** `direct`: one of its addresses. `punched`: through both sides' NATs. `relayed`: by another member, encrypted end to end. */
export type Reach = 'direct' | 'punched' | 'relayed';

export interface PeerConnection {
  peer: KeyId;
  reach: Reach;
  /** Whether this node asked for it; both may have. Who asks is the first to say who it is. */
  dialled: boolean;
  /** As this node sees the other end. */
  address: string;
  /** null: not measured yet. */
  roundTripMs: number | null;
  /** Of this node's clock that only grows. */
  sinceMs: number;
  receivedBytes: number;
  sentBytes: number;
}

/** Whether others get through to this node, as other members found. */
export interface Reachability {
  /** `unknown`: nobody was asked yet. `reachable`: somebody got through, at `reached`. */
  state: 'unknown' | 'reachable' | 'unreachable';
  /** Addresses at which members got through when they were asked to. */
  reached: readonly string[];
  /** How members see the host of this node; more than one behind several providers, none before anybody was asked. */
  seenHosts: readonly string[];
  /** Connected members that pass others on to this node. */
  relays: readonly KeyId[];
  /** What this node passes on for others; null: it offers nothing. */
  passedOn: {
    circuits: number;
    /** Ever, in this home; a node that was killed may count some that it did not pass on. */
    bytes: number;
    bytesToday: number;
    bytesPerDayMax: number;
    /** Since the start of the node. */
    refused: number;
  } | null;
}

/** Whom a node may be asked to connect to: the key that must answer, and where it was said to be. */
export interface PeerAddress {
  peer: KeyId;
  addresses: readonly string[];
}

export interface ProtocolLimits {
  frameBytesMax: number;
  /** Channels of one peer at the same time; more are refused. */
  channelsPerPeerMax: number;
  /** Whether peers that are no members are heard. */
  strangers: boolean;
}

export interface Network extends AsyncDisposable {
  readonly self: KeyId;
  /** Where others may reach this node, best first, as far as it knows. */
  addresses(): readonly string[];
  /** Connects, or does nothing where a connection is. Codes: NETWORK_UNREACHABLE, NETWORK_REFUSED. */
  dial(address: PeerAddress, options: Waiting): Promise<PeerConnection>;
  /**
   * To a connected peer, or to one whose addresses were dialled before. Codes: NETWORK_UNREACHABLE,
   * NETWORK_REFUSED, NETWORK_PROTOCOL_UNKNOWN, NETWORK_STRANGER, NETWORK_CHANNELS_FULL, NETWORK_CHANNEL_LOST (at once).
   */
  open(peer: KeyId, protocol: string, options: Waiting & { frameBytesMax: number }): Promise<Channel>;
  /**
   * Serves a protocol until disposed of. A handler that returns ends its half, and what the peer still sends is thrown
   * away; one that throws aborts the channel. So does the loss of the connection, which the handler sees on its channel.
   */
  handle(protocol: string, handler: (channel: Channel) => Promise<void>, limits: ProtocolLimits): Disposable;
  peers(): readonly PeerConnection[];
  /** Told when a peer comes and goes; `lost` within milliseconds of a closed connection, within 3 s of a frozen one. */
  watch(listener: (event: { kind: 'connected' | 'lost'; peer: KeyId }) => void): Disposable;
  /** Ends the connection with a peer, and refuses it for a while where `refuseMs` says so. */
  drop(peer: KeyId, options?: { refuseMs: number }): void;
}
