/** A member in a process of its own that passes others on; a test kills it. Says where it listens. */
import { generateKeyPairSync } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { relayMemory } from '@filon/node/adapters/libp2p/relay-budget';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';

const [path = '', bytesPerDayMax = '0'] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const relay = {
  bytesPerDayMax: Number(bytesPerDayMax),
  ...{ circuitsMax: 8, circuitsPerPeerMax: 4, circuitMsMax: null },
};
const network = await openLibp2pNetwork(
  { key: generateKeyPairSync('ed25519').privateKey, listen: ['/ip4/127.0.0.1/tcp/0'], ways: { relay } },
  { isMember: () => true, clock: createSystemClock(), relayed: relayMemory(store) },
);
writeSync(1, `${JSON.stringify({ peer: network.self, addresses: network.listening() })}\n`);
