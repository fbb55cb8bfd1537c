/**
 * A node's network in a process of its own that echoes frames: `node network-process.ts [CONFIG]`, CONFIG being JSON of
 * `listen` and `ways`. Says who and where it is, then answers a call a line. Ends with its stdin.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { KeyId } from '@filon/core/swarm/key-id';
import { type Libp2pConfig, openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import type { PeerAddress } from '@filon/node/ports/network';

export type NetworkCall =
  | { call: 'dial'; address: PeerAddress }
  /** Sends so many bytes and waits for them. */
  | { call: 'echo'; peer: KeyId; bytes: number }
  | { call: 'peers' | 'addresses' | 'reachability' };

const CALL_MS = 20_000;
const ECHO_BYTES_MAX = 1_000_000;

const config: Pick<Libp2pConfig, 'listen' | 'ways'> = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  ...JSON.parse(process.argv[2] ?? '{}'),
};
const network = await openLibp2pNetwork(
  { key: generateKeyPairSync('ed25519').privateKey, ...config },
  { clock: createSystemClock(), isMember: () => true },
);
network.handle(
  '/filon/echo/1',
  async (channel) => {
    const { signal } = new AbortController();
    for await (const frame of channel.frames) await channel.send(frame, { signal });
  },
  { frameBytesMax: ECHO_BYTES_MAX, channelsPerPeerMax: 64, strangers: false },
);

async function echo(peer: KeyId, bytes: number): Promise<number> {
  const signal = AbortSignal.timeout(CALL_MS);
  const channel = await network.open(peer, '/filon/echo/1', { signal, frameBytesMax: ECHO_BYTES_MAX });
  await channel.send(new Uint8Array(bytes), { signal });
  await channel.end();
  let received = 0;
  for await (const frame of channel.frames) received += frame.byteLength;
  return received;
}

async function answer(call: NetworkCall): Promise<unknown> {
  if (call.call === 'dial') return await network.dial(call.address, { signal: AbortSignal.timeout(CALL_MS) });
  if (call.call === 'echo') return await echo(call.peer, call.bytes);
  return network[call.call]();
}

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

say({ peer: network.self, addresses: network.addresses() });
for await (const line of createInterface(process.stdin)) {
  const call: NetworkCall = JSON.parse(line);
  say(
    await answer(call).then(
      (result) => ({ result }),
      (error: unknown) => ({ error: String(error) }),
    ),
  );
}
process.exit(0);
