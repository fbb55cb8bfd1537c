import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  begin,
  ENDLESS,
  essence,
  LOCAL,
  openKeptLife,
  openStuckLife,
  readFrom,
  sessionsOf,
} from '../../../../../test/kit/kept-answers.ts';
import { answerOf, chatRequest, openScriptedServing } from '../../../../../test/kit/scripted-serving.ts';

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
};

describe('following', () => {
  test('from any chunk, by several, during the answer and after it, gives the same chunks', async () => {
    const request = chatRequest('ore', { topLogprobs: 2, choices: 2 });
    const life = await openKeptLife();
    await begin(life, 'a', request);
    const during = await Promise.all([readFrom(life, 'a'), readFrom(life, 'a', 7), readFrom(life, 'a', 1e6)]);
    const [whole = []] = during;
    expect(whole.map(({ index }) => index)).toEqual(whole.map((_, index) => index));
    expect(during[1]).toEqual(whole.slice(8));
    expect(during[2]).toEqual([]);
    expect(await readFrom(life, 'a')).toEqual(whole);
    expect(await readFrom(life, 'a', whole.length - 2)).toEqual(whole.slice(-1));
    const plain = await answerOf(await openScriptedServing(), request);
    expect(essence(whole.map(({ chunk }) => chunk))).toEqual(essence(plain));
  });

  test('gets nothing that is not in the store', async () => {
    const life = await openKeptLife();
    await begin(life, 'a', chatRequest('ore'));
    for await (const { index } of life.answers.follow('a', { ...LOCAL, after: -1 })) {
      const stored = life.store.list('answerParts').flatMap(({ value }) => value.chunks);
      expect(stored.length).toBeGreaterThan(index);
    }
  });

  test('ends with the signal, and the answer in the background goes on', async () => {
    const { life, gate } = await openStuckLife();
    await begin(life, 'a', ENDLESS);
    const leaving = new AbortController();
    const reading = Array.fromAsync(
      life.answers.follow('a', { owner: 'local', after: -1, signal: leaving.signal }),
    );
    await gate.crowd(1);
    leaving.abort(new RangeError('left'));
    await expect(reading).rejects.toThrow('left');
    gate.open();
    const rest = await readFrom(life, 'a', 5);
    expect(rest.at(-1)?.chunk).toMatchObject({ kind: 'usage', usage: { completionTokens: 1000 } });
    expect(life.engine.status().counters.generatedTokens).toBe(1000);
  });

  test('is for so many at the same time', async () => {
    const { life, gate } = await openStuckLife({ limits: { followersMax: 2 } });
    await begin(life, 'a', chatRequest('ore'));
    const two = [readFrom(life, 'a'), readFrom(life, 'a')];
    await gate.crowd(1);
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'ANSWER_FOLLOWERS_FULL' });
    gate.open();
    await Promise.all(two);
    await readFrom(life, 'a');
  });
});

describe('an answer that is not in the background', () => {
  const attended = { ...LOCAL, id: 'a', background: false };

  test('ends with its last follower, and its slot is free at once', async () => {
    const { life, gate } = await openStuckLife();
    await life.answers.start(ENDLESS, attended);
    const [one, two] = [new AbortController(), new AbortController()];
    const reading = [one, two].map(({ signal }) =>
      Array.fromAsync(life.answers.follow('a', { owner: 'local', after: -1, signal })).catch(() => 'left'),
    );
    await gate.crowd(1);
    one.abort();
    await settle();
    expect(sessionsOf(life)).toBe(1);
    two.abort();
    expect(await Promise.all(reading)).toEqual(['left', 'left']);
    await settle();
    expect(sessionsOf(life)).toBe(0);
    expect(life.engine.status().counters.generatedTokens).toBe(10);
    expect(life.serving.stats()).toMatchObject({ active: 0 });
    expect(await life.answers.get('a', LOCAL)).toMatchObject({ state: 'cancelled' });
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'ANSWER_CANCELLED' });
  });

  test('ends when nobody comes within a minute', async () => {
    const { life, gate } = await openStuckLife();
    await life.answers.start(ENDLESS, attended);
    await gate.crowd(1);
    life.clock.advance(59_999);
    await settle();
    expect(sessionsOf(life)).toBe(1);
    life.clock.advance(1);
    await settle();
    expect(sessionsOf(life)).toBe(0);
  });
});

describe('cancelling', () => {
  test('frees the slot before it resolves, computes nothing more and keeps what there is', async () => {
    const { life, gate } = await openStuckLife();
    await begin(life, 'a', ENDLESS);
    const reading = readFrom(life, 'a');
    await gate.crowd(1);
    const view = await life.answers.cancel('a', LOCAL);
    expect(sessionsOf(life)).toBe(0);
    expect(life.serving.stats()).toMatchObject({ active: 0, queued: 0 });
    expect(view).toMatchObject({ state: 'cancelled', error: { details: { code: 'ANSWER_CANCELLED' } } });
    expect(view.chunks.length).toBeGreaterThan(5);
    await expect(reading).rejects.toMatchObject({ code: 'ANSWER_CANCELLED' });
    gate.open();
    await settle();
    expect(life.engine.status().counters.generatedTokens).toBe(10);
    expect(await life.answers.cancel('a', LOCAL)).toEqual(view);
    const later = await openKeptLife({ store: life.store });
    expect(await later.answers.get('a', LOCAL)).toEqual(view);
  });

  test('of one that an earlier node left keeps it from going on', async () => {
    const { life, gate } = await openStuckLife();
    await begin(life, 'a', ENDLESS);
    await gate.crowd(1);
    life.kill();
    const later = await openKeptLife({ store: life.store, limits: { resumeWaitMs: 1e9 } });
    expect(await later.answers.cancel('a', LOCAL)).toMatchObject({ state: 'cancelled' });
    await expect(readFrom(later, 'a')).rejects.toMatchObject({ code: 'ANSWER_CANCELLED' });
  });

  test('deleting stops it and leaves no row', async () => {
    const { life, gate } = await openStuckLife();
    await begin(life, 'a', ENDLESS);
    await begin(life, 'ab', chatRequest('ore', { maxTokens: 3 }));
    await gate.crowd(1);
    await life.answers.delete('a', LOCAL);
    expect(sessionsOf(life)).toBe(0);
    for (const table of ['answers', 'answerTexts', 'answerParts'] as const) {
      const keys = life.store.list(table).map(({ key }) => key);
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) expect(key).toMatch(/^local\/ab(\/|$)/);
    }
    await expect(life.answers.get('a', LOCAL)).rejects.toMatchObject({ code: 'ANSWER_UNKNOWN' });
  });

  test('before it was admitted gives the wait up', async () => {
    const { life, gate } = await openStuckLife({ config: { sessionsMax: 1 } });
    await begin(life, 'a', ENDLESS);
    await gate.crowd(1);
    const leaving = new AbortController();
    const waiting = life.answers.start(ENDLESS, { ...LOCAL, id: 'b', signal: leaving.signal });
    await settle();
    expect(life.serving.stats().queued).toBe(1);
    leaving.abort(new RangeError('left'));
    await expect(waiting).rejects.toThrow('left');
    expect(life.serving.stats().queued).toBe(0);
    await expect(life.answers.get('b', LOCAL)).rejects.toMatchObject({ code: 'ANSWER_UNKNOWN' });
  });
});

describe('starting', () => {
  test('fails as serving does, and leaves nothing', async () => {
    const life = await openKeptLife();
    const unknown = chatRequest('ore', { model: 'nobody' });
    await expect(begin(life, 'a', unknown)).rejects.toMatchObject({ code: 'SERVE_MODEL_UNKNOWN' });
    const long = chatRequest('ore', { prompt: { kind: 'text', text: 'q'.repeat(3000) } });
    await expect(begin(life, 'a', long)).rejects.toMatchObject({ code: 'SERVE_CONTEXT_EXCEEDED' });
    expect(life.store.list('answers')).toEqual([]);
    await begin(life, 'a', chatRequest('ore'));
  });

  test('keeps the note as it was, however large or odd', async () => {
    const life = await openKeptLife();
    const note = { text: `${'😀\u0000\ud800'.repeat(60_000)}`, __proto__: 1, list: [null, 1.5, { a: true }] };
    await life.answers.start(chatRequest('ore'), { ...LOCAL, id: 'a', note });
    expect((await life.answers.get('a', LOCAL)).note).toEqual(JSON.parse(JSON.stringify(note)));
    await readFrom(life, 'a');
    expect((await life.answers.get('a', LOCAL)).note).toEqual(JSON.parse(JSON.stringify(note)));
  });

  test('goes no further than the limits', async () => {
    const { life, gate } = await openStuckLife({ limits: { backgroundMax: 2, answerBytesMax: 10_000 } });
    const large = { ...LOCAL, id: 'a', note: 'x'.repeat(10_000) };
    await expect(life.answers.start(ENDLESS, large)).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    await settle();
    expect(life.serving.stats().active).toBe(0);
    for (const id of ['a', 'b']) await begin(life, id, ENDLESS);
    await expect(begin(life, 'c', ENDLESS)).rejects.toMatchObject({ code: 'ANSWER_RUNNING_FULL' });
    await life.answers.start(ENDLESS, { ...LOCAL, id: 'c', owner: 'key:1' });
    await life.answers.start(ENDLESS, { ...LOCAL, id: 'c', background: false });
    gate.open();
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
    expect(await life.answers.get('a', LOCAL)).toMatchObject({ state: 'failed' });
  });
});

describe('an answer that is not to be kept', () => {
  const unkept = { ...LOCAL, id: 'a', note: { a: 1 }, keep: false };

  test('is never in the store, and can be read until a minute after its end', async () => {
    const life = await openKeptLife();
    await life.answers.start(chatRequest('ore'), unkept);
    const whole = await readFrom(life, 'a');
    expect(essence(whole.map(({ chunk }) => chunk))).toEqual(
      essence(await answerOf(await openScriptedServing(), chatRequest('ore'))),
    );
    for (const table of ['answers', 'answerTexts', 'answerParts'] as const) {
      expect(life.store.list(table)).toEqual([]);
    }
    expect(await life.answers.get('a', LOCAL)).toMatchObject({ state: 'done', note: { a: 1 } });
    expect(await readFrom(life, 'a')).toEqual(whole);
    life.clock.advance(60_000);
    await settle();
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'ANSWER_UNKNOWN' });
  });

  test('makes room, is cancelled and is deleted like others', async () => {
    const life = await openKeptLife({ limits: { unkeptMax: 2 } });
    for (const id of ['a', 'b', 'c']) {
      await life.answers.start(chatRequest('ore'), { ...unkept, id });
      await readFrom(life, id);
    }
    await expect(life.answers.get('a', LOCAL)).rejects.toMatchObject({ code: 'ANSWER_UNKNOWN' });
    await life.answers.delete('b', LOCAL);
    await expect(life.answers.get('b', LOCAL)).rejects.toMatchObject({ code: 'ANSWER_UNKNOWN' });
    await life.answers.start(ENDLESS, { ...unkept, id: 'd' });
    expect(await life.answers.cancel('d', LOCAL)).toMatchObject({ state: 'cancelled' });
    expect(sessionsOf(life)).toBe(0);
  });
});

test('before a stop, answers in the background that nobody follows are left at once', async () => {
  const { life, gate } = await openStuckLife();
  await begin(life, 'a', ENDLESS);
  await begin(life, 'b', ENDLESS);
  const reading = readFrom(life, 'b');
  await gate.crowd(2);
  life.answers.retire();
  await settle();
  expect(sessionsOf(life)).toBe(1);
  gate.open();
  await reading;
  expect((await life.answers.get('a', LOCAL)).state).toBe('running');
  expect((await readFrom(life, 'a')).at(-1)?.chunk).toMatchObject({ usage: { completionTokens: 1000 } });
});
