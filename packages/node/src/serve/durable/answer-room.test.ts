import { describe, expect, test } from 'vitest';
import {
  begin,
  ENDLESS,
  type KeptLife,
  LOCAL,
  openKeptLife,
  openStuckLife,
} from '../../../../../test/kit/kept-answers.ts';
import { chatRequest, never } from '../../../../../test/kit/scripted-serving.ts';

describe('room', () => {
  async function ended(life: KeptLife, id: string, owner = 'local'): Promise<void> {
    await life.answers.start(chatRequest(id, { maxTokens: 2 }), { ...LOCAL, id, owner });
    await Array.fromAsync(life.answers.follow(id, { owner, after: -1, signal: never }));
  }
  const idsOf = ({ store }: KeptLife): string[] =>
    store
      .list('answers')
      .sort((a, b) => a.value.order - b.value.order)
      .map(({ key }) => key);

  test('for new answers is made by the oldest of the same owner, never by one that runs', async () => {
    const { life, gate } = await openStuckLife({ limits: { keptMax: 3 } });
    await begin(life, 'running', ENDLESS);
    await gate.crowd(1);
    await ended(life, 'other', 'key:1');
    for (const id of ['a', 'b', 'c', 'd']) await ended(life, id);
    const kept = ['local/running', 'key%3A1/other', 'local/c', 'local/d'];
    expect(idsOf(life)).toEqual(kept);
    life.kill();
    const later = await openKeptLife({ store: life.store, limits: { keptMax: 3, resumeWaitMs: 1e9 } });
    await ended(later, 'e');
    expect(idsOf(later)).toEqual(['local/running', 'key%3A1/other', 'local/d', 'local/e']);
  });

  test('is made by the oldest of all when there are too many bytes or answers', async () => {
    const few = await openKeptLife({ limits: { keptTotalMax: 2 } });
    for (const id of ['a', 'b', 'c']) await ended(few, id, `key:${id}`);
    expect(idsOf(few)).toEqual(['key%3Ab/b', 'key%3Ac/c']);
    const small = await openKeptLife({ limits: { keptBytesMax: 4_000 } });
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const id of all) await ended(small, id);
    const kept = idsOf(small);
    expect(kept).toEqual(all.slice(-kept.length).map((id) => `local/${id}`));
    expect(kept.length).toBeGreaterThan(1);
    expect(kept.length).toBeLessThan(all.length);
  });

  test('is made by the owner of the most, and those who hold little keep what they have', async () => {
    const life = await openKeptLife({ limits: { keptBytesMax: 20_000, keptOwnerBytesMax: 15_000 } });
    for (const id of ['a', 'b']) await ended(life, id);
    await ended(life, 'c', 'key:1');
    for (let count = 0; count < 40; count++) await ended(life, `big${count}`, 'key:2');
    for (let count = 0; count < 40; count++) await ended(life, `big${count}`, 'key:3');
    const kept = idsOf(life);
    expect(kept.slice(0, 3)).toEqual(['local/a', 'local/b', 'key%3A1/c']);
    expect(kept).toContain('key%3A2/big39');
    expect(kept).toContain('key%3A3/big39');
    const of = (owner: string): number => kept.filter((key) => key.startsWith(owner)).length;
    expect(Math.abs(of('key%3A2/') - of('key%3A3/'))).toBeLessThanOrEqual(1);
  });

  test('is refused to an owner whose running answers leave none', async () => {
    const { life, gate } = await openStuckLife({ limits: { keptOwnerBytesMax: 7_000 } });
    const large = { ...LOCAL, note: 'x'.repeat(4_000) };
    await life.answers.start(ENDLESS, { ...large, id: 'a' });
    await gate.crowd(1);
    const second = life.answers.start(ENDLESS, { ...large, id: 'b' });
    await expect(second).rejects.toMatchObject({ code: 'ANSWER_ROOM_FULL' });
    await life.answers.start(ENDLESS, { ...large, id: 'b', owner: 'key:1' });
    await life.answers.cancel('a', LOCAL);
    await life.answers.start(ENDLESS, { ...large, id: 'b' });
    expect(idsOf(life)).toContain('local/b');
  });

  test('is not for a note over its limit, whether it is kept or not', async () => {
    const life = await openKeptLife({ limits: { noteBytesMax: 100 } });
    for (const keep of [true, false]) {
      const start = (id: string, note: string): Promise<unknown> =>
        life.answers.start(chatRequest('ore'), { ...LOCAL, id: `${id}${keep}`, keep, note });
      await start('a', 'x'.repeat(98));
      await expect(start('b', 'x'.repeat(99))).rejects.toMatchObject({
        details: { code: 'ANSWER_NOTE_TOO_LARGE', bytes: 101, bytesMax: 100 },
      });
    }
  });
});
