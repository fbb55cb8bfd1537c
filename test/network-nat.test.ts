/** Two homes that nobody can dial, and a member that everybody can. */
import { describe, expect, test, vi } from 'vitest';
import { openNatHomes, type Place, whyNoHomes } from './kit/nat-homes.ts';
import { NetworkPeer } from './kit/network-peer.ts';

const reason = await whyNoHomes();
if (reason !== null) console.warn(`homes behind NATs are not tried: ${reason}`);

const PORT = 4711;
const OFFER = { bytesPerDayMax: 1e9, circuitsMax: 8, circuitsPerPeerMax: 4, circuitMsMax: null };
const NO_WAYS = { relay: null, useRelays: false, punch: false, mapPort: false };

async function openSwarm(symmetric: boolean) {
  const stack = new AsyncDisposableStack();
  const homes = stack.use(await openNatHomes({ symmetric }));
  const open = (place: Place, ways: object) =>
    stack.use(
      new NetworkPeer({
        within: homes.within(place),
        config: { listen: [`/ip4/0.0.0.0/tcp/${PORT}`], ways: { ...NO_WAYS, ...ways } },
      }),
    );
  const relay = open('public', { relay: OFFER });
  const a = open('homeA', { useRelays: true, punch: true });
  const b = open('homeB', { useRelays: true, punch: true });
  const [relayAddress, , { peer: bKey }] = await Promise.all([relay.address(), a.address(), b.address()]);
  for (const home of [a, b]) {
    await home.dial(relayAddress);
    await vi.waitFor(async () => expect((await home.reachability()).relays).toEqual([relayAddress.peer]), {
      timeout: 15_000,
    });
  }
  return {
    ...{ relay, a, b, relayAddress, bKey },
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

const reachOf = async (from: NetworkPeer, peer: string): Promise<string | undefined> =>
  (await from.peers()).find((connection) => connection.peer === peer)?.reach;

describe.skipIf(reason !== null)('two homes behind NATs', () => {
  test('know that nobody gets through to them, and the public member that everybody does', async () => {
    await using swarm = await openSwarm(false);
    const { a, b, relay, relayAddress, bKey } = swarm;
    await vi.waitFor(async () => expect((await a.reachability()).state).toBe('unreachable'), {
      timeout: 15_000,
    });
    expect((await b.reachability()).seenHosts).toEqual(['203.0.113.2']);
    expect(await b.addresses()).toContain(`/relay/${relayAddress.peer}/ip4/203.0.113.10/tcp/${PORT}`);
    expect((await relay.peers()).map(({ peer }) => peer)).toContain(bKey);
  });

  test('that keep ports get from the relay to a direct connection within 2 s', async () => {
    await using swarm = await openSwarm(false);
    const { a, b, relay, bKey } = swarm;
    const startMs = performance.now();
    const first = await a.dial({ peer: bKey, addresses: await b.addresses() });
    expect(first.reach).toBe('relayed');
    await vi.waitFor(async () => expect(await reachOf(a, bKey)).toBe('punched'), {
      timeout: 8000,
      interval: 20,
    });
    const tookMs = performance.now() - startMs;
    console.info(`punched after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(2000);
    const before = (await relay.reachability()).passedOn?.bytes ?? 0;
    expect(await a.echo(bKey, 500_000)).toBe(500_000);
    expect(((await relay.reachability()).passedOn?.bytes ?? 0) - before).toBeLessThan(10_000);
    expect((await b.peers()).some(({ reach }) => reach === 'punched')).toBe(true);
  });

  test('that change ports stay with the relay, and talk', async () => {
    await using swarm = await openSwarm(true);
    const { a, b, relay, bKey } = swarm;
    expect((await a.dial({ peer: bKey, addresses: await b.addresses() })).reach).toBe('relayed');
    expect(await a.echo(bKey, 200_000)).toBe(200_000);
    expect((await relay.reachability()).passedOn?.bytes).toBeGreaterThan(400_000);
    expect(await reachOf(a, bKey)).toBe('relayed');
  });
});
