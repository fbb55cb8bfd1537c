/** A port of the router that leads here, asked for by UPnP. Routers that do not answer, or refuse, change nothing. */

import { type Gateway, upnpNat } from '@achingbrain/nat-port-mapper';
import { parseAddress } from '@filon/core/swarm/address';

/** The router forgets it when this node does not ask again in time. */
const LEASE_MS = 3_600_000;
const SEARCH_MS = 10_000;
const GATEWAYS_MAX = 2;

export interface PortMapping extends AsyncDisposable {
  /** Where the router says that it can be reached from outside. Whether that is so, others have to say. */
  readonly addresses: readonly string[];
}

/** Asks the routers of this network to lead a port of theirs to `port`, and goes on asking until disposed of. */
export function mapPort(
  port: number,
  options: { descriptor?: URL } = {},
): PortMapping & { settled: Promise<void> } {
  const closing = new AbortController();
  const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(SEARCH_MS)]);
  const client = upnpNat({ description: 'filon', ttl: LEASE_MS, autoRefresh: true });
  const gateways: Gateway[] = [];
  const addresses: string[] = [];
  const ask = async (gateway: Gateway): Promise<void> => {
    gateways.push(gateway);
    for await (const { externalHost, externalPort } of gateway.mapAll(port, { signal, protocol: 'tcp' })) {
      const address = `/${externalHost.includes(':') ? 'ip6' : 'ip4'}/${externalHost}/tcp/${externalPort}`;
      if (parseAddress(address) !== null) addresses.push(address);
    }
  };
  const search = async (): Promise<void> => {
    if (options.descriptor !== undefined)
      return await ask(await client.getGateway(options.descriptor, { signal }));
    for await (const gateway of client.findGateways({ signal })) {
      await ask(gateway);
      if (gateways.length >= GATEWAYS_MAX) break;
    }
  };
  return {
    addresses,
    settled: search().catch(() => undefined),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      const stopping = { signal: AbortSignal.timeout(SEARCH_MS) };
      await Promise.allSettled(gateways.map((gateway) => gateway.stop(stopping)));
    },
  };
}
