/** A port of the router that leads here, for as long as this node runs. Routers that refuse, or do not answer, change nothing. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { parseAddress } from '@filon/core/swarm/address';
import type { Waiting } from '../../ports/engine.ts';
import { findRouters, type Router, RouterRefusal, tellRouter } from './upnp.ts';

/** The router forgets the port when it is not asked again in time. */
const LEASE_SECONDS = 3600;
const ASK_MS = 15_000;
const FORGET_MS = 3000;
const PORTS_TRIED_MAX = 4;
const PORTS = { first: 20_000, last: 60_000 };
/** UPnP's error codes: the port is somebody else's; only leases without an end are given. */
const PORT_TAKEN = 718;
const ENDLESS_ONLY = 725;

interface Mapped {
  router: Router;
  externalPort: number;
  args: Readonly<Record<string, string>>;
}

export class PortMapping implements AsyncDisposable {
  /** Where the routers say that this node is reached from outside. Whether that is so, others have to say. */
  readonly addresses: string[] = [];
  /** Resolves when the routers were asked, whatever they said. */
  readonly settled: Promise<void>;
  readonly #mapped: Mapped[] = [];
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** `search` stands for the whole network in tests. */
  constructor(port: number, options: { search?: { host: string; port: number } } = {}) {
    this.settled = this.#open(port, options).catch(() => undefined);
    this.#timer = setInterval(() => void this.#renew(), LEASE_SECONDS * 500);
    this.#timer.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.settled;
    const forgetting = this.#mapped.map(({ router, externalPort }) => {
      const args = { NewRemoteHost: '', NewExternalPort: `${externalPort}`, NewProtocol: 'TCP' };
      return tellRouter(router, 'DeletePortMapping', { args, signal: AbortSignal.timeout(FORGET_MS) });
    });
    await Promise.allSettled(forgetting);
  }

  async #open(port: number, options: { search?: { host: string; port: number } }): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ASK_MS)]);
    for (const router of await findRouters({ ...options, signal })) {
      const mapped = await mapOn(router, port, { signal }).catch(() => null);
      if (mapped === null) continue;
      this.#mapped.push(mapped);
      const answer = await tellRouter(router, 'GetExternalIPAddress', { args: {}, signal });
      const address = `/ip4/${answer('NewExternalIPAddress')}/tcp/${mapped.externalPort}`;
      if (parseAddress(address) !== null) this.addresses.push(address);
    }
  }

  async #renew(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ASK_MS)]);
    await Promise.allSettled(
      this.#mapped.map(({ router, args }) => tellRouter(router, 'AddPortMapping', { args, signal })),
    );
  }
}

/** The same port where it can be had, another one otherwise. */
async function mapOn(router: Router, port: number, { signal }: Waiting): Promise<Mapped> {
  const host = await ownAddressTowards(router.control.hostname, { signal });
  let externalPort = port;
  let leaseSeconds = LEASE_SECONDS;
  for (let tries = 1; ; tries++) {
    const args = {
      NewRemoteHost: '',
      NewExternalPort: `${externalPort}`,
      NewProtocol: 'TCP',
      NewInternalPort: `${port}`,
      NewInternalClient: host,
      NewEnabled: '1',
      NewPortMappingDescription: 'filon',
      NewLeaseDuration: `${leaseSeconds}`,
    };
    try {
      await tellRouter(router, 'AddPortMapping', { args, signal });
      return { router, externalPort, args };
    } catch (error) {
      const code = error instanceof RouterRefusal ? error.errorCode : null;
      if (tries >= PORTS_TRIED_MAX || (code !== PORT_TAKEN && code !== ENDLESS_ONLY)) throw error;
      if (code === ENDLESS_ONLY) leaseSeconds = 0;
      else externalPort = randomInt(PORTS.first, PORTS.last);
    }
  }
}

/** This machine's address on the router's side. Nothing is sent. */
async function ownAddressTowards(host: string, { signal }: Waiting): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(1900, host);
    await once(socket, 'connect', { signal });
    return socket.address().address;
  } finally {
    socket.close();
  }
}
