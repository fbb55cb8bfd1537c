/**
 * Finding nodes on the same network: a datagram to a multicast group now and then says which key is where. It goes no
 * further than this network and proves nothing; whoever is dialled for it proves its key then. Everybody on the network
 * can see it, so it is off unless it is asked for.
 */
import { createSocket, type Socket } from 'node:dgram';
import { parseAddress } from '@filon/core/swarm/address';
import { type KeyId, keyId } from '@filon/core/swarm/key-id';
import { type MessageCodec, messageCodec } from '@filon/core/wire/messages';
import { z } from 'zod';
import type { PeerAddress } from '../../ports/network.ts';

/** Of the block that an organisation may use as it likes (RFC 2365). */
const GROUP = { host: '239.255.70.105', port: 47_110 };
const SAY_EVERY_MS = 15_000;
const DATAGRAM_BYTES_MAX = 1200;
const ADDRESSES_MAX = 4;
/** Keys that are told of in one `SAY_EVERY_MS`; a flood is not passed on. */
const FOUND_MAX = 64;

interface HereMessage {
  kind: 'here';
  peer: KeyId;
  addresses: string[];
}

const messages: MessageCodec<HereMessage> = messageCodec<HereMessage>(
  { protocol: '/filon/lan/1', frameBytesMax: DATAGRAM_BYTES_MAX },
  {
    here: z.object({
      kind: z.literal('here'),
      peer: keyId,
      addresses: z
        .array(z.string().refine((text) => parseAddress(text)?.kind === 'ip4', 'it is no IPv4 address'))
        .max(ADDRESSES_MAX),
    }),
  },
);

export interface LanParts {
  self: KeyId;
  addresses: () => readonly string[];
  /** A node said where it is. It may say so often, and lie. */
  onFound: (address: PeerAddress) => void;
  /** Of which network; this machine's usual one otherwise. */
  interfaceHost?: string;
}

export class Lan implements AsyncDisposable {
  readonly #parts: LanParts;
  readonly #socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  readonly #timer: NodeJS.Timeout;
  readonly #found = new Set<KeyId>();

  constructor(parts: LanParts) {
    this.#parts = parts;
    const { interfaceHost } = parts;
    // A machine without a network has nobody to find.
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data, { address }) => this.#hear(data, address));
    this.#socket.bind(GROUP.port, () => {
      try {
        this.#socket.addMembership(GROUP.host, interfaceHost);
        if (interfaceHost !== undefined) this.#socket.setMulticastInterface(interfaceHost);
        this.#socket.setMulticastTTL(1);
      } catch {
        return;
      }
      this.#say();
    });
    this.#timer = setInterval(() => {
      this.#found.clear();
      this.#say();
    }, SAY_EVERY_MS);
    this.#timer.unref();
    this.#socket.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.close(() => resolve());
    await promise;
  }

  #say(): void {
    const direct = this.#parts.addresses().filter((address) => parseAddress(address)?.kind === 'ip4');
    const addresses = direct
      .filter((address) => parseAddress(address)?.relay === null)
      .slice(0, ADDRESSES_MAX);
    if (addresses.length === 0) return;
    const datagram = messages.encode({ kind: 'here', peer: this.#parts.self, addresses });
    this.#socket.send(datagram, GROUP.port, GROUP.host, () => undefined);
  }

  /** Only addresses of the machine that sent it: nobody is sent to dial a third. */
  #hear(data: Uint8Array, from: string): void {
    let said: HereMessage;
    try {
      said = messages.decode(new Uint8Array(data));
    } catch {
      return;
    }
    const { peer } = said;
    const addresses = said.addresses.filter((address) => parseAddress(address)?.host === from);
    if (peer === this.#parts.self || addresses.length === 0 || this.#found.has(peer)) return;
    if (this.#found.size >= FOUND_MAX) return;
    this.#found.add(peer);
    // Whoever came later is answered, or it would wait for the next turn.
    this.#say();
    this.#parts.onFound({ peer, addresses });
  }
}
