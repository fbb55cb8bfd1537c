/** One question and its answer on a channel of the membership protocol. */
import { orAborted } from '@filon/core/abort';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import {
  MEMBERSHIP_FRAME_BYTES_MAX,
  MEMBERSHIP_PROTOCOL,
  type MembershipMessage,
  membershipMessages,
} from '@filon/core/swarm/membership-messages';
import { channelLost } from '@filon/core/swarm/network-errors';
import { malformed } from '@filon/core/wire/errors';
import type { ErrorMessage } from '@filon/core/wire/messages';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network } from '../../ports/network.ts';

export type Kind = MembershipMessage['kind'];
type Of<K extends Kind> = Extract<MembershipMessage, { kind: K }>;

/** A channel on which both sides speak in turns. Disposing of it ends this half. */
export class Exchange implements AsyncDisposable {
  readonly #channel: Channel;
  readonly #frames: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal;

  constructor(channel: Channel, { signal }: Waiting) {
    this.#channel = channel;
    this.#frames = channel.frames[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  static async open(network: Network, peer: KeyId, options: Waiting): Promise<Exchange> {
    const frameBytesMax = MEMBERSHIP_FRAME_BYTES_MAX;
    return new Exchange(
      await network.open(peer, MEMBERSHIP_PROTOCOL, { frameBytesMax, ...options }),
      options,
    );
  }

  async send(message: MembershipMessage | ErrorMessage): Promise<void> {
    await this.#channel.send(membershipMessages.encode(message), { signal: this.#signal });
  }

  /** Codes: WIRE_*, NETWORK_CHANNEL_LOST, NETWORK_FRAME_TOO_LARGE, and the reason of the signal. */
  async receive(): Promise<MembershipMessage> {
    const frame = await orAborted(this.#frames.next(), this.#signal);
    if (frame.done) throw channelLost(this.#channel.peer);
    return membershipMessages.decode(frame.value);
  }

  async receiveOf<K extends Kind>(kind: K): Promise<Of<K>> {
    const message = await this.receive();
    if (message.kind === kind) return message as Of<K>;
    throw malformed(`answer ${kind}`, `they are a message ${message.kind}`);
  }

  async ask<K extends Kind>(question: MembershipMessage, answer: K): Promise<Of<K>> {
    await this.send(question);
    return await this.receiveOf(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#signal.aborted) this.#channel.abort();
    else await this.#channel.end().catch(() => this.#channel.abort());
  }
}

const MESSAGE_CHARS_MAX = 512;

/** What a peer may know of an error. Others are this node's own matter. */
const TOLD = new Set([
  ...['MEMBERSHIP_REFUSED', 'RECORD_FORGED', 'INVITE_REFUSED'],
  ...['SWARM_NONE', 'SWARM_OUT', 'SWARM_BUSY', 'SWARM_MAY_NOT_INVITE', 'SWARM_ISSUER_UNREACHABLE'],
  ...['WIRE_MALFORMED', 'WIRE_TOO_LARGE', 'WIRE_KIND_UNKNOWN'],
]);

/** null: it is not one to tell. What another peer told, as when a request was passed on, is told again. */
export function toldError(error: unknown): ErrorMessage | null {
  const code = reasonOf(error);
  if (!(isFilonError(error) && TOLD.has(code))) return null;
  const message = error.message.slice(0, MESSAGE_CHARS_MAX).replace(/\p{C}/gu, ' ');
  return { kind: 'error', code, message };
}

/** Of an error of this node, or the code that the peer gave. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof FilonError)) return 'UNKNOWN';
  const { details } = error;
  return 'reason' in details && error.code === 'WIRE_REFUSED' ? String(details.reason) : error.code;
}
