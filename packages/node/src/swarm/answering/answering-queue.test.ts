/** Requests of a node whose places elsewhere are all full: they wait there, in one bounded queue. */
import { describe, expect, test } from 'vitest';
import {
  type AnsweringScene,
  alone,
  answeringScene,
  passUntil,
  settle,
} from '../../../../../test/kit/answering-scene.ts';
import {
  answerOf,
  chatRequest,
  createGate,
  never,
  textOf,
} from '../../../../../test/kit/scripted-serving.ts';

/** Two hosts with a place each, and no queue of their own. */
async function fullScene(driver: { queueMax?: number; queueWaitMs?: number } = {}) {
  const gate = createGate();
  const host = { config: { sessionsMax: 1, queueMax: 0 }, beforeToken: gate.pass };
  const scene = await answeringScene([host, host], { config: driver });
  const running = ['one', 'two'].map((name) => answerOf(scene.driver, chatRequest(name)));
  await gate.crowd(2);
  return { ...scene, gate, running };
}

async function waiting({ driver }: AnsweringScene, count: number): Promise<void> {
  while (driver.serving.stats().queued < count) await settle(1);
}

describe('where all places elsewhere are full', () => {
  test('requests wait, and are answered in their order as places are given back', async () => {
    const scene = await fullScene();
    const { driver, gate, clock, running } = scene;
    const order: number[] = [];
    const later = Array.from({ length: 12 }, async (_, index) => {
      const chunks = await answerOf(driver, chatRequest(`later ${index}`));
      order.push(index);
      return textOf(chunks);
    });
    await waiting(scene, 12);
    expect(driver.serving.stats()).toMatchObject({ active: 2, queued: 12, refused: 0 });
    gate.open();
    const startMs = clock.monotonicMs();
    const texts = await Promise.all(later);
    // Nobody waits for a clock: each place that is given back is taken at once.
    expect(clock.monotonicMs()).toBe(startMs);
    expect(texts.every((text) => text.length > 0)).toBe(true);
    const strays = order.map((index, at) => Math.abs(index - at));
    expect(Math.max(...strays)).toBeLessThan(3);
    await Promise.all(running);
    await settle();
    expect(driver.serving.stats()).toMatchObject({ active: 0, queued: 0 });
  });

  test('no more wait than may: the next one hears where it would stand, and when to ask again', async () => {
    const scene = await fullScene({ queueMax: 3 });
    const { driver, gate, running } = scene;
    const later = [3, 4, 5].map((name) => answerOf(driver, chatRequest(`${name}`)));
    await waiting(scene, 3);
    await expect(answerOf(driver, chatRequest('6'))).rejects.toMatchObject({
      code: 'SERVE_QUEUE_FULL',
      details: { position: 4, retryAfterSeconds: 10 },
    });
    gate.open();
    await Promise.all([...running, ...later]);
  });

  test('who leaves frees its place in the queue, and who waits too long is told so', async () => {
    const scene = await fullScene({ queueWaitMs: 60_000 });
    const { driver, gate, clock, running } = scene;
    const client = new AbortController();
    const left = driver.serving.complete(chatRequest('left'), { signal: client.signal });
    await waiting(scene, 1);
    const late = expect(answerOf(driver, chatRequest('late'))).rejects.toMatchObject({
      code: 'SERVE_QUEUE_TIMEOUT',
    });
    await waiting(scene, 2);
    client.abort(new RangeError('left'));
    await expect(left).rejects.toThrow('left');
    expect(driver.serving.stats().queued).toBe(1);
    const tookMs = await passUntil(clock, late, { stepMs: 250 });
    expect(tookMs).toBeLessThanOrEqual(61_000);
    await settle();
    expect(driver.serving.stats()).toMatchObject({ active: 2, queued: 0 });
    gate.open();
    await Promise.all(running);
  });

  test('a place that somebody else gave back is found within seconds, without hurry', async () => {
    const scene = await answeringScene([{ config: { sessionsMax: 1, queueMax: 0 } }]);
    const { clock, driver, swarm } = scene;
    const wanted = { node: swarm.hosts[0]?.key ?? '', model: 'a'.repeat(64), sessions: 1 };
    const other = await swarm.replicas.take(wanted, { signal: never });
    const answering = answerOf(driver, chatRequest('patient'));
    await waiting(scene, 1);
    const refused = () => scene.hosts[0]?.serving.stats().refused ?? 0;
    expect(refused()).toBe(1);
    await passUntil(clock, clock.sleep(12_000, {}), { stepMs: 250 });
    expect(refused()).toBeLessThan(5);
    other[Symbol.dispose]();
    expect(await passUntil(clock, answering, { stepMs: 250 })).toBeLessThan(11_000);
  });

  test('an answer that lost its node waits as long as a new one, however long ago it came', async () => {
    const gate = createGate();
    const host = { config: { sessionsMax: 1, queueMax: 0 } };
    const beforeToken = ({ generated }: { generated: number }) => (generated === 3 ? gate.pass() : undefined);
    const driving = { config: { queueWaitMs: 10_000 } };
    const scene = await answeringScene([{ ...host, beforeToken }, host], driving);
    const { clock, driver, swarm } = scene;
    const answering = answerOf(driver, chatRequest('patient'));
    await gate.crowd(1);
    await passUntil(clock, clock.sleep(12_000, {}), { stepMs: 250 });
    const wanted = { node: swarm.hosts[1]?.key ?? '', model: 'a'.repeat(64), sessions: 1 };
    const other = await swarm.replicas.take(wanted, { signal: never });
    swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    await waiting(scene, 1);
    await passUntil(clock, clock.sleep(1_000, {}), { stepMs: 250 });
    other[Symbol.dispose]();
    await passUntil(clock, answering, { stepMs: 250 });
    expect(textOf(await answering)).toBe(textOf(await alone(chatRequest('patient'))));
  });
});
