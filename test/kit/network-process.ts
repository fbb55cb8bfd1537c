/** A node's network in a process of its own that echoes frames: `node network-process.ts`. Ends with its stdin. */
import { generateKeyPairSync } from 'node:crypto';
import { openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';

const network = await openLibp2pNetwork(
  { key: generateKeyPairSync('ed25519').privateKey, listen: ['/ip4/127.0.0.1/tcp/0'] },
  { clock: createSystemClock(), isMember: () => true },
);
network.handle(
  '/filon/echo/1',
  async (channel) => {
    const { signal } = new AbortController();
    for await (const frame of channel.frames) await channel.send(frame, { signal });
  },
  { frameBytesMax: 1_000_000, channelsPerPeerMax: 64, strangers: false },
);
process.stdout.write(`${JSON.stringify({ peer: network.self, addresses: network.addresses() })}\n`);
process.stdin.resume().once('end', () => process.exit(0));
