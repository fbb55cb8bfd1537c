import { createSocket } from 'node:dgram';
import type { KeyId } from '@filon/core/swarm/key-id';
import { encodeCbor } from '@filon/core/wire/cbor';
import { expect, test, vi } from 'vitest';
import type { PeerAddress } from '../../ports/network.ts';
import { Lan } from './lan.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter): KeyId => `${letter.repeat(42)}A`) as [KeyId, KeyId, KeyId];

function open(self: KeyId, addresses: readonly string[]) {
  const found: PeerAddress[] = [];
  const onFound = (address: PeerAddress): void => void found.push(address);
  const lan = new Lan({ self, addresses: () => addresses, onFound, interfaceHost: '127.0.0.1' });
  return { found, [Symbol.asyncDispose]: () => lan[Symbol.asyncDispose]() };
}

test('nodes on a network find one another, once, whoever came first', async () => {
  await using a = open(A, ['/ip4/127.0.0.1/tcp/1']);
  await using b = open(B, ['/ip4/127.0.0.1/tcp/2', '/ip6/::1/tcp/2']);
  await vi.waitFor(() => {
    expect(a.found).toEqual([{ peer: B, addresses: ['/ip4/127.0.0.1/tcp/2'] }]);
    expect(b.found).toEqual([{ peer: A, addresses: ['/ip4/127.0.0.1/tcp/1'] }]);
  });
});

test('datagrams that are none, and addresses of others, are passed over', async () => {
  await using a = open(A, ['/ip4/127.0.0.1/tcp/1']);
  const socket = createSocket('udp4');
  const send = (data: Uint8Array): void => socket.send(data, 47_110, '127.0.0.1');
  const elsewhere = ['/ip4/192.0.2.1/tcp/2', '/dns/rig.example/tcp/2'];
  send(Buffer.from('no CBOR'));
  send(encodeCbor({ kind: 'here', peer: B, addresses: [elsewhere[0]] }));
  send(encodeCbor({ kind: 'here', peer: B, addresses: elsewhere }));
  send(encodeCbor({ kind: 'here', peer: 'nobody', addresses: ['/ip4/127.0.0.1/tcp/2'] }));
  send(encodeCbor({ kind: 'here', peer: C, addresses: ['/ip4/192.0.2.1/tcp/3', '/ip4/127.0.0.1/tcp/3'] }));
  await vi.waitFor(() => expect(a.found).toEqual([{ peer: C, addresses: ['/ip4/127.0.0.1/tcp/3'] }]));
  socket.close();
});
