import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { begin, ENDLESS, LOCAL, openKeptLife, readFrom } from '../../../../../test/kit/kept-answers.ts';
import { chatRequest, never } from '../../../../../test/kit/scripted-serving.ts';

describe('owners', () => {
  test('know nothing of the answers of others', async () => {
    const life = await openKeptLife();
    await begin(life, 'a', chatRequest('ore'));
    await readFrom(life, 'a');
    for (const owner of ['key:1', 'local2', 'loca', 'LOCAL', 'local/a', '*', 'local%']) {
      for (const use of [
        () => life.answers.get('a', { owner }),
        () => life.answers.cancel('a', { owner }),
        () => life.answers.delete('a', { owner }),
        () => Array.fromAsync(life.answers.follow('a', { owner, after: -1, signal: never })),
      ]) {
        await expect(use()).rejects.toMatchObject({ code: 'ANSWER_UNKNOWN', message: unknownA });
      }
    }
    expect((await life.answers.get('a', LOCAL)).state).toBe('done');
  });

  test('may use the same ids', async () => {
    const life = await openKeptLife();
    for (const owner of ['key:1', 'key:2', 'key']) {
      await life.answers.start(chatRequest(owner), { ...LOCAL, owner, id: 'a', note: owner });
    }
    for (const owner of ['key:1', 'key:2', 'key']) {
      expect((await life.answers.get('a', { owner })).note).toBe(owner);
    }
    await life.answers.delete('a', { owner: 'key' });
    expect((await life.answers.get('a', { owner: 'key:1' })).note).toBe('key:1');
  });

  const unknownA = expect.stringContaining("no answer 'a'");
});

describe('ids', () => {
  test('that nobody can have had are unknown, whatever is in them', async () => {
    const life = await openKeptLife();
    await begin(life, 'a', chatRequest('ore'));
    await readFrom(life, 'a');
    const hostile = fc.oneof(
      fc.constantFrom(
        '',
        'a/',
        'a/../a',
        '../local/a',
        'a0',
        'a%2f',
        'a\0',
        "a' OR 1=1 --",
        '__proto__',
        '%',
        '*',
      ),
      fc.string({ unit: 'binary', maxLength: 100 }),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (id) => {
        fc.pre(id !== 'a');
        const uses = (['get', 'cancel', 'delete'] as const).map((use) => life.answers[use](id, LOCAL));
        const outcomes = await Promise.allSettled([...uses, readFrom(life, id)]);
        const codes = outcomes.map((one) => (one.status === 'rejected' ? one.reason.code : 'found'));
        expect(new Set(codes)).toEqual(new Set(['ANSWER_UNKNOWN']));
      }),
      { numRuns: 100 },
    );
    expect((await life.answers.get('a', LOCAL)).state).toBe('done');
  });

  test.each(['', 'a b', 'a/b', '../a', 'a'.repeat(65), 'ä', 'a\n', "a'"])('%j begins nothing', async (id) => {
    const life = await openKeptLife();
    await expect(begin(life, id, chatRequest('ore'))).rejects.toMatchObject({ code: 'ANSWER_ID_INVALID' });
    expect(life.serving.stats().admitted).toBe(0);
  });

  test('are taken once, also while the first waits', async () => {
    const life = await openKeptLife();
    const both = await Promise.allSettled([begin(life, 'a', ENDLESS), begin(life, 'a', ENDLESS)]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(begin(life, 'a', ENDLESS)).rejects.toMatchObject({ code: 'ANSWER_ID_TAKEN' });
  });
});
