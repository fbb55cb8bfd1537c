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
});
