/** What a relay passed on is counted over its lives: two homes talk through a process that is killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Libp2pNetwork, openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';
import type { PeerAddress } from '@filon/node/ports/network';
import { afterAll, expect, test, vi } from 'vitest';

const BYTES_PER_DAY = 2_000_000;
const FRAME = new Uint8Array(16_000);
const PROTOCOL = '/filon/test/1';
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const folder = mkdtempSync(join(tmpdir(), 'filon-relay-'));
const path = join(folder, 'filon.db');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Life extends AsyncDisposable {
  child: ChildProcess;
  address: PeerAddress;
}

async function startRelay(): Promise<Life> {
  const script = fileURLToPath(new URL('./kit/relay-process.ts', import.meta.url));
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [script, path, String(BYTES_PER_DAY)], { stdio: [...stdio] });
  if (child.stdout === null) throw new TypeError('a pipe');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const kill = async (): Promise<void> => {
    if (child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return { child, address: JSON.parse(String(line)), [Symbol.asyncDispose]: kill };
}

async function openHome(relay: PeerAddress): Promise<Libp2pNetwork> {
  const home = await openLibp2pNetwork(
    { key: generateKeyPairSync('ed25519').privateKey, listen: [], ways: { useRelays: true } },
    { isMember: () => true, clock: createSystemClock() },
  );
  await home.dial(relay, { signal: signal() });
  await vi.waitFor(() => expect(home.reachability().relays).toEqual([relay.peer]), { timeout: 10_000 });
  return home;
}

/** Sends until it breaks off or `bytesMax` have come back. Bytes that came back. */
async function echoed(relay: PeerAddress, bytesMax: number): Promise<number> {
  await using a = await openHome(relay);
  await using b = await openHome(relay);
  const limits = { frameBytesMax: 100_000, channelsPerPeerMax: 4, strangers: false };
  using _ = b.handle(
    PROTOCOL,
    async (channel) => {
      for await (const frame of channel.frames) await channel.send(frame, { signal: signal() });
    },
    limits,
  );
  let bytes = 0;
  try {
    await a.dial({ peer: b.self, addresses: b.addresses() }, { signal: signal() });
    const channel = await a.open(b.self, PROTOCOL, { frameBytesMax: 100_000, signal: signal() });
    await channel.send(FRAME, { signal: signal() });
    for await (const frame of channel.frames) {
      bytes += frame.byteLength;
      if (bytes >= bytesMax) break;
      await channel.send(FRAME, { signal: signal() });
    }
  } catch {
    // The budget is used up.
  }
  return bytes;
}

async function counted(): Promise<number> {
  await using store = await openSqliteStore({ path });
  return store.get('relayed', 'own')?.bytesToday ?? 0;
}

test('a relay that is killed again and again keeps to the budget of its owner', async () => {
  let passedOn = 0;
  let before = 0;
  for (let life = 0; life < 3; life += 1) {
    await using relay = await startRelay();
    // Each byte that came back was passed on twice.
    passedOn += 2 * (await echoed(relay.address, 160_000));
    expect(passedOn).toBeGreaterThan(before);
    await relay[Symbol.asyncDispose]();
    expect(await counted()).toBeGreaterThanOrEqual(passedOn);
    before = passedOn;
  }
  expect(passedOn).toBeGreaterThanOrEqual(3 * 2 * 160_000);
  await using last = await startRelay();
  passedOn += 2 * (await echoed(last.address, BYTES_PER_DAY));
  expect(passedOn).toBeLessThanOrEqual(BYTES_PER_DAY);
  expect(await counted()).toBeLessThanOrEqual(BYTES_PER_DAY);
});
