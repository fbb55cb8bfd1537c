/** What every adapter of the Trainer port must do. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainingBatch } from '@filon/core/training/batch';
import { BYTE_VOCABULARY_SIZE } from '@filon/core/training/byte-vocabulary';
import type { StepValues, TrainingSpec } from '@filon/core/training/session';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryRig } from '@filon/node/adapters/memory/rig';
import type { Rig } from '@filon/node/ports/rig';
import type { Trainer, TrainingSession } from '@filon/node/ports/trainer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const { signal } = new AbortController();
const CPU = { id: 'cpu', backend: 'cpu' as const, name: 'cpu', memoryBytes: 1, freeBytes: 1 };
const SPEC: TrainingSpec = {
  device: 'cpu',
  model: {
    kind: 'fresh',
    model: {
      ...{ layers: 1, width: 32, heads: 2, kvHeads: 2, feedForward: 32, vocabulary: BYTE_VOCABULARY_SIZE },
      ...{ context: 32, ropeBase: 10_000, tied: true },
    },
    seed: 1,
  },
  sequences: 2,
  length: 16,
  precision: 'f32',
  recompute: false,
};
const VALUES: StepValues = {
  ...{ learningRate: 0.05, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, clipNorm: 1 },
};

/** A text that goes round, read from another place in each batch. */
function batchOf(at: number): TrainingBatch {
  const text = new TextEncoder().encode('a text that goes round and round; '.repeat(3));
  const count = SPEC.sequences * SPEC.length;
  const letter = (place: number): number => text[(at * 7 + place) % 34] ?? 0;
  return {
    ...{ sequences: SPEC.sequences, length: SPEC.length },
    tokens: Int32Array.from({ length: count }, (_, place) => letter(place)),
    targets: Int32Array.from({ length: count }, (_, place) => letter(place + 1)),
    positions: Int32Array.from({ length: count }, (_, place) => place % SPEC.length),
    documents: new Int32Array(count),
  };
}

export function describeTrainer(name: string, open: (deps: { rig: Rig }) => Trainer): void {
  describe(`trainer: ${name}`, () => {
    let folder = '';
    let rig: Rig;
    let trainer: Trainer;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'filon-trainer-'));
      rig = createMemoryRig({ cards: [CPU] }, { clock: createSystemClock() });
      trainer = open({ rig });
    });
    afterEach(() => rm(folder, { recursive: true }));

    const losses = async (session: TrainingSession, from: number, to: number): Promise<number[]> => {
      const seen: number[] = [];
      for (let at = from; at < to; at++)
        seen.push((await session.step({ batches: [batchOf(at)], values: VALUES }, { signal })).loss);
      return seen;
    };

    test('losses fall, and looking at them changes nothing', async () => {
      await using session = await trainer.open(SPEC, { signal });
      expect(session.facts).toMatchObject({ vocabularySize: BYTE_VOCABULARY_SIZE, updates: 0 });
      const before = await session.evaluate(batchOf(0), { signal });
      expect(before.tokens).toBe(32);
      expect(before.loss).toBeCloseTo(Math.log(BYTE_VOCABULARY_SIZE), 0);
      expect(await session.evaluate(batchOf(0), { signal })).toEqual(before);
      const seen = await losses(session, 0, 12);
      expect(seen[0]).toBeCloseTo(before.loss, 3);
      expect((await session.evaluate(batchOf(0), { signal })).loss).toBeLessThan(before.loss);
    });

    test('a state goes on in another session, bit for bit', async () => {
      const path = join(folder, 'state');
      let rest: number[];
      let saved: { sha256: string; bytes: number };
      {
        await using first = await trainer.open(SPEC, { signal });
        await losses(first, 0, 3);
        saved = await first.save(path, { signal });
        expect(await first.save(join(folder, 'again'), { signal })).toEqual(saved);
        rest = await losses(first, 3, 6);
      }
      await using second = await trainer.open(SPEC, { signal });
      expect(await second.restore(path, { signal })).toMatchObject({ updates: 3 });
      expect(second.facts.updates).toBe(3);
      expect(await losses(second, 3, 6)).toEqual(rest);
      expect((await readFile(path)).length).toBe(saved.bytes);
      expect((await readdir(folder)).toSorted()).toEqual(['again', 'state']);
    });

    test('an update that is no number changes nothing and says which it was', async () => {
      await using session = await trainer.open(SPEC, { signal });
      await losses(session, 0, 2);
      const wild = { ...VALUES, learningRate: 1e300, clipNorm: 0 };
      await session.step({ batches: [batchOf(2)], values: wild }, { signal });
      const next = session.step({ batches: [batchOf(3)], values: VALUES }, { signal });
      await expect(next).rejects.toMatchObject({ code: 'TRAIN_NOT_FINITE', details: { update: 4 } });
    });

    test('batches and states of something else are refused', async () => {
      await using session = await trainer.open(SPEC, { signal });
      const other = { ...batchOf(0), sequences: 1 };
      await expect(session.evaluate(other, { signal })).rejects.toMatchObject({
        code: 'TRAIN_BATCH_INVALID',
      });
      const path = join(folder, 'rubbish');
      await writeFile(path, 'no state');
      await expect(session.restore(path, { signal })).rejects.toMatchObject({ code: 'TRAIN_STATE_INVALID' });
    });

    test('what was trained becomes a file', async () => {
      await using session = await trainer.open(SPEC, { signal });
      const path = join(folder, 'made.gguf');
      await session.export({ path, type: 'f16', metadata: { 'general.name': 'Made' } }, { signal });
      expect((await readFile(path)).includes('Made')).toBe(true);
    });

    test('it holds its device, and serving gets it when the session is put away', async () => {
      const session = await trainer.open(SPEC, { signal });
      expect(rig.holder('cpu')?.purpose).toBe('train');
      await expect(trainer.open(SPEC, { signal })).rejects.toMatchObject({ code: 'RIG_CARD_HELD' });
      expect(session.revoked.aborted).toBe(false);
      const serving = rig.lease('cpu', 'serve', { signal });
      expect(session.revoked.aborted).toBe(true);
      expect(rig.holder('cpu')?.purpose).toBe('train');
      await session[Symbol.asyncDispose]();
      await using lease = await serving;
      expect(rig.holder('cpu')?.purpose).toBe(lease.purpose);
      await expect(trainer.open(SPEC, { signal })).rejects.toMatchObject({ code: 'RIG_CARD_HELD' });
    });
  });
}
