import type { Chunk } from '@filon/core/serving/completion';
import { describe, expect, test } from 'vitest';
import {
  begin,
  ENDLESS,
  LOCAL,
  openKeptLife,
  openStuckLife,
  readFrom,
  sessionsOf,
} from '../../../../../test/kit/kept-answers.ts';
import { chatRequest } from '../../../../../test/kit/scripted-serving.ts';

async function* brokenAfter(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  let count = 0;
  for await (const chunk of chunks) {
    yield chunk;
    count += 1;
    if (count === 3) throw new RangeError('goldvein');
  }
}

describe('failures', () => {
  test("of the worker are the answer's, and stay with it", async () => {
    const life = await openKeptLife({ diesAt: ({ generated }) => generated === 5 });
    await begin(life, 'a', chatRequest('ore'));
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'SERVE_QUARANTINED' });
    const view = await life.answers.get('a', LOCAL);
    expect(view).toMatchObject({ state: 'failed', error: { details: { code: 'SERVE_QUARANTINED' } } });
    const later = await openKeptLife({ store: life.store });
    await expect(readFrom(later, 'a')).rejects.toMatchObject({ code: 'SERVE_QUARANTINED' });
    expect(await later.answers.get('a', LOCAL)).toEqual(view);
  });

  test('of the store end an answer, and nothing is shown that it does not hold', async () => {
    const { life, gate } = await openStuckLife();
    await begin(life, 'a', ENDLESS);
    const reading = readFrom(life, 'a');
    await gate.crowd(1);
    const before = (await life.answers.get('a', LOCAL)).chunks.length;
    life.fill();
    gate.open();
    await expect(reading).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(life.store.list('answerParts').flatMap(({ value }) => value.chunks)).toHaveLength(before);
    expect(sessionsOf(life)).toBe(0);
    expect(life.log.lines.map(({ event }) => event)).toContain('answer.unsaved');
  });

  test('that are bugs are told to the owner as such, and to the log by their place', async () => {
    const life = await openKeptLife();
    const serving: Pick<typeof life.serving, 'complete'> = {
      complete: async (request, options) => {
        const answer = await life.serving.complete(request, options);
        return { ...answer, chunks: brokenAfter(answer.chunks) };
      },
    };
    await life.answers.start(ENDLESS, { ...LOCAL, id: 'a', serving });
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'ANSWER_BROKEN' });
    expect(sessionsOf(life)).toBe(0);
    const [line] = life.log.lines.filter(({ event }) => event === 'answer.broken');
    expect(line?.fields).toMatchObject({ name: 'RangeError', stack: expect.anything() });
    expect(JSON.stringify([life.log.lines, life.store.list('answers')])).not.toContain('goldvein');
  });

  test('and everything else leave no word of it in the log', async () => {
    const life = await openKeptLife({ diesAt: ({ generated }) => generated === 5 });
    await life.answers.start(chatRequest('goldvein'), { ...LOCAL, id: 'a', note: 'goldvein' });
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'SERVE_QUARANTINED' });
    expect(life.log.lines.map(({ event }) => event)).toContain('answer.failed');
    expect(JSON.stringify(life.log.lines)).not.toContain('goldvein');
  });
});
