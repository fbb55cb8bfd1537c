import type { PanelPeer } from '@filon/core/panel/network';
import { busySwarm, peerOf, selfOf, servedOf } from '@filon/core/panel/network.fixture';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bentPath, filledPath, type Layout, layOut, loadOf, type Size } from './graph-layout.ts';

const DESK = { width: 760, height: 480 };
const PHONE = { width: 358, height: 420 };

const crowd = (count: number): PanelPeer[] =>
  Array.from({ length: count }, (_, index) =>
    peerOf(`${index}`, { models: [servedOf('m', { tokensPerSecond: (index * 7) % 90 })] }),
  );

/** The least distance between the edges of any two nodes. */
function leastGap({ self, peers }: Layout): number {
  const all = [self, ...peers];
  const gaps = all.flatMap((one, index) =>
    all.slice(index + 1).map((two) => Math.hypot(one.x - two.x, one.y - two.y) - one.radius - two.radius),
  );
  return Math.min(...gaps);
}

describe('the places of nodes', () => {
  test('are within the picture, and apart, for any number of them on any screen', () => {
    const sizes = fc.constantFrom<Size>(DESK, PHONE, { width: 300, height: 340 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 256 }), sizes, (count, size) => {
        const layout = layOut(selfOf(), crowd(count), size);
        for (const { x, y, radius } of [layout.self, ...layout.peers]) {
          expect(x - radius).toBeGreaterThanOrEqual(0);
          expect(x + radius).toBeLessThanOrEqual(size.width);
          expect(y - radius).toBeGreaterThanOrEqual(0);
          expect(y + radius).toBeLessThanOrEqual(size.height);
        }
        if (count === 0) return;
        expect(leastGap(layout)).toBeGreaterThan(0);
        expect(Math.max(...layout.peers.map(({ radius }) => radius))).toBeGreaterThan(3);
      }),
      { numRuns: 40 },
    );
  });

  test('are the same in whatever order the nodes are told', () => {
    const peers = busySwarm();
    expect(layOut(null, peers.toReversed(), DESK)).toEqual(layOut(null, peers, DESK));
  });

  test('are nearer where the way is shorter, and larger where answers are faster', () => {
    const at = (ms: number) =>
      ({ reach: 'direct', roundTripMs: ms, receivedBytes: 0, sentBytes: 0 }) as const;
    const [near, far] = [
      peerOf('a', { connection: at(2), models: [servedOf('m', { tokensPerSecond: 80 })] }),
      peerOf('b', { connection: at(200), models: [servedOf('m', { tokensPerSecond: 8 })] }),
    ];
    const { self, peers } = layOut(null, [near, far], DESK);
    const found = (peer: PanelPeer) => peers.find((one) => one.peer === peer);
    const away = (peer: PanelPeer) =>
      Math.hypot((found(peer)?.x ?? 0) - self.x, (found(peer)?.y ?? 0) - self.y);
    expect(away(near)).toBeLessThan(away(far));
    expect(found(near)?.radius).toBeGreaterThan(found(far)?.radius ?? 0);
  });

  test('have words only where there is room for them', () => {
    expect(layOut(null, busySwarm(), PHONE).peers.every(({ isLabelled }) => isLabelled)).toBe(true);
    expect(layOut(null, crowd(12), PHONE).peers.some(({ isLabelled }) => isLabelled)).toBe(false);
    expect(layOut(null, crowd(12), DESK).peers.every(({ isLabelled }) => isLabelled)).toBe(true);
  });
});

test('how busy a node is counts those who wait, and is unknown where nobody asked', () => {
  const models = (...loads: ({ active: number; queued: number } | null)[]) => ({
    models: loads.map((load) => servedOf('m', { sessionsMax: 4, load })),
  });
  expect(loadOf(models({ active: 1, queued: 1 }, { active: 0, queued: 0 }))).toBe(0.25);
  expect(loadOf(models({ active: 4, queued: 9 }))).toBe(1);
  expect(loadOf(models(null))).toBeNull();
  expect(loadOf(models())).toBeNull();
});

test('a circle is filled from below', () => {
  const circle = { x: 0, y: 0, radius: 10 };
  expect(filledPath(circle, 0)).toBe('');
  expect(filledPath(circle, 0.5)).toBe('M-10.0 0.0A10.0 10.0 0 0 0 10.0 0.0Z');
  expect(filledPath(circle, 0.75)).toBe('M-8.7 -5.0A10.0 10.0 0 1 0 8.7 -5.0Z');
  expect(filledPath(circle, 1)).toContain('a10.0 10.0 0 1 0 20.0 0');
});

test('a way begins and ends at the edges of its nodes', () => {
  const path = bentPath({ x: 0, y: 0, radius: 8 }, { x: 100, y: 0, radius: 4 }, 0);
  expect(path).toBe('M10.0 0.0Q50.0 0.0 90.0 0.0');
});
