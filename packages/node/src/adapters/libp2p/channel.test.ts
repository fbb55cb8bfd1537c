import { streamPair } from '@libp2p/utils';
import { expect, test, vi } from 'vitest';
import { StreamChannel } from './channel.ts';

const PEER = `${'a'.repeat(42)}A`;
const signal = new AbortController().signal;
const options = { peer: PEER, frameBytesMax: 1000, awaitsStatus: false };

test('tiny frames that nobody takes need no more memory than their bytes', async () => {
  const [near, far] = await streamPair();
  const channel = new StreamChannel(far, options);
  const count = 120_000;
  const bytes = new Uint8Array(count * 2).fill(1);
  const before = process.memoryUsage();
  near.send(bytes);
  await vi.waitFor(() => expect(far.readBufferLength).toBe(0));
  const after = process.memoryUsage();
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  // An array for each of them is some 20 MB.
  expect(grown).toBeLessThan(5_000_000);
  const frames = channel.frames[Symbol.asyncIterator]();
  for (let turn = 0; turn < count; turn++)
    if ((await frames.next()).value?.[0] !== 1) throw new RangeError(`${turn}`);
  channel.abort();
});

test('frames that came are read before the loss is told, unless this side dropped the channel', async () => {
  for (const isDropped of [false, true]) {
    const [near, far] = await streamPair();
    const channel = new StreamChannel(far, options);
    near.send(Uint8Array.of(1, 7, 1, 8, 3, 1));
    const frames = channel.frames[Symbol.asyncIterator]();
    expect((await frames.next()).value).toEqual(Uint8Array.of(7));
    if (isDropped) channel.abort();
    else near.abort(new RangeError('gone'));
    if (!isDropped) expect((await frames.next()).value).toEqual(Uint8Array.of(8));
    await expect(frames.next()).rejects.toMatchObject({ code: 'NETWORK_CHANNEL_LOST' });
    await expect(channel.send(Uint8Array.of(1), { signal })).rejects.toMatchObject({
      code: 'NETWORK_CHANNEL_LOST',
    });
  }
});

test('a stream that closes politely without the end is lost, with it is over', async () => {
  for (const [sent, outcome] of [
    [[1, 7], 'lost'],
    [[1, 7, 0], 'over'],
  ] as const) {
    const [near, far] = await streamPair();
    const channel = new StreamChannel(far, options);
    near.send(Uint8Array.from(sent));
    await near.close();
    const frames = channel.frames[Symbol.asyncIterator]();
    expect((await frames.next()).value).toEqual(Uint8Array.of(7));
    const last = await frames.next().then(
      ({ done }) => (done === true ? 'over' : 'more'),
      () => 'lost',
    );
    expect(last).toBe(outcome);
    channel.abort();
  }
});
