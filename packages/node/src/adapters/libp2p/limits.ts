/** What this node lets others use of it. Defaults suit a home rig for weeks with 1,000 known peers. */
export interface NetworkLimits {
  connectionsMax: number;
  /** Connections that peers who are no members may have here, all together. The oldest gives way to a new one. */
  strangersMax: number;
  /** Of one subnet, beside those that came a moment ago. */
  strangersPerSubnetMax: number;
  /** With those: a farm is behind one address, and its rigs are strangers until each has shown its proof. */
  newcomersPerSubnetMax: number;
  newcomerMs: number;
  /** How long a stranger may stay: long enough to join. */
  strangerStayMs: number;
  /** A farm is behind one address. */
  membersPerSubnetMax: number;
  /** Connections whose key is not known yet. */
  handshakesPerSubnetMax: number;
}

export const DEFAULT_LIMITS: NetworkLimits = {
  connectionsMax: 300,
  strangersMax: 32,
  strangersPerSubnetMax: 4,
  newcomersPerSubnetMax: 16,
  newcomerMs: 5_000,
  strangerStayMs: 60_000,
  membersPerSubnetMax: 64,
  handshakesPerSubnetMax: 16,
};

/** Of one connection. Each has at most a window of unread bytes. */
export const STREAMS_MAX = 256;
/** In both directions of use: a far stream goes at 256 KiB a round trip, and small frames stay fast beside it. */
export const STREAM_WINDOW_BYTES = 262_144;
/** Of one peer, over whichever ways. */
export const CONNECTIONS_PER_PEER_MAX = 4;
export const HANDSHAKE_MS = 6000;
