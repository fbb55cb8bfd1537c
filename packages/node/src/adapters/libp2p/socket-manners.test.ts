import { setImmediate as turnOver } from 'node:timers/promises';
import type { Logger } from '@libp2p/interface';
import { AbstractMultiaddrConnection } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { expect, test } from 'vitest';
import { sendWhole, takeTurns } from './socket-manners.ts';

const quiet = (): void => undefined;
const log: Logger = Object.assign(quiet, {
  ...{ trace: quiet, error: quiet, enabled: false },
  newScope: (): Logger => log,
});

type Data = Parameters<AbstractMultiaddrConnection['sendData']>[0];

/** A socket of libp2p whose other side is the test. */
class TestSocket extends AbstractMultiaddrConnection {
  readonly parts: number[][] = [];
  readonly turns: string[] = [];

  constructor() {
    super({ remoteAddr: multiaddr('/ip4/127.0.0.1/tcp/1'), direction: 'outbound', log });
  }

  listOf(...parts: Uint8Array[]): Data {
    const list = this.writeBuffer.sublist();
    list.appendAll(parts);
    return list;
  }

  override sendData(data: Data): ReturnType<AbstractMultiaddrConnection['sendData']> {
    this.parts.push([...data].map(({ byteLength }) => byteLength));
    return { sentBytes: data.byteLength, canSendMore: true };
  }

  override sendPause(): void {
    this.turns.push('pause');
  }

  override sendResume(): void {
    this.turns.push('resume');
  }

  override sendReset(): void {
    this.turns.push('reset');
  }

  override async sendClose(): Promise<void> {
    this.turns.push('close');
  }
}

test('what is handed over in parts leaves in one', () => {
  const socket = new TestSocket();
  sendWhole(socket);
  socket.send(socket.listOf(new Uint8Array(2), new Uint8Array(100), new Uint8Array(16)));
  socket.send(new Uint8Array(3));
  expect(socket.parts).toEqual([[118], [3]]);
});

test('a socket that brings much in one turn waits for the next, and one that brings little does not', async () => {
  const socket = new TestSocket();
  takeTurns(socket);
  let bytes = 0;
  socket.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
  });
  socket.onData(new Uint8Array(60_000));
  await turnOver();
  socket.onData(new Uint8Array(60_000));
  expect(socket.turns).toEqual([]);
  for (let count = 0; count < 3; count++) socket.onData(new Uint8Array(60_000));
  expect([socket.turns, bytes]).toEqual([['pause'], 180_000]);
  await turnOver();
  expect([socket.turns, bytes]).toEqual([['pause', 'resume'], 300_000]);
});

test('a socket that is over by the end of its turn is left alone', async () => {
  const socket = new TestSocket();
  takeTurns(socket);
  socket.addEventListener('message', () => undefined);
  socket.onData(new Uint8Array(100_000));
  socket.abort(new RangeError('enough'));
  await turnOver();
  expect(socket.turns).toEqual(['pause', 'reset']);
});
