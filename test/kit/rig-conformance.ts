/** What every adapter of the Rig port must do. The rig under test has the cards `card0` and `card1`. */
import type { Device } from '@filon/core/serving/session';
import type { Rig } from '@filon/node/ports/rig';
import { describe, expect, test } from 'vitest';

export const CARDS: readonly Device[] = ['card0', 'card1'].map((id) => ({
  id,
  backend: 'cpu',
  name: id,
  memoryBytes: 1,
  freeBytes: 1,
}));

const signal = new AbortController().signal;

export function describeRig(name: string, open: () => Promise<Rig>): void {
  describe(`rig: ${name}`, () => {
    test('it names its cards and refuses others', async () => {
      const rig = await open();
      expect((await rig.cards({ signal })).map((card) => card.id)).toEqual(['card0', 'card1']);
      await expect(rig.lease('card9', 'serve', { signal })).rejects.toMatchObject({
        code: 'RIG_CARD_UNKNOWN',
      });
    });

    test('one holder a card at a time; other cards are free', async () => {
      const rig = await open();
      const first = await rig.lease('card0', 'serve', { signal });
      expect(rig.holder('card0')?.purpose).toBe('serve');
      expect(rig.holder('card1')).toBeNull();
      await expect(rig.lease('card0', 'serve', { signal })).rejects.toMatchObject({ code: 'RIG_CARD_HELD' });
      await expect(rig.lease('card0', 'mine', { signal })).rejects.toMatchObject({ code: 'RIG_CARD_HELD' });
      await (await rig.lease('card1', 'mine', { signal }))[Symbol.asyncDispose]();
      await first[Symbol.asyncDispose]();
      expect(rig.holder('card0')).toBeNull();
    });

    test('a higher right revokes and waits until the card is given back', async () => {
      const rig = await open();
      const mining = await rig.lease('card0', 'mine', { signal });
      let granted = false;
      const serving = rig.lease('card0', 'serve', { signal }).then((lease) => {
        granted = true;
        return lease;
      });
      await aborted(mining.revoked);
      expect(granted).toBe(false);
      expect(rig.holder('card0')?.purpose).toBe('mine');
      await mining[Symbol.asyncDispose]();
      const lease = await serving;
      expect(rig.holder('card0')?.purpose).toBe('serve');
      expect(lease.revoked.aborted).toBe(false);
      await mining[Symbol.asyncDispose]();
      expect(rig.holder('card0')?.purpose).toBe('serve');
      await lease[Symbol.asyncDispose]();
    });

    test('a holder that gives back on the spot is followed at once', async () => {
      const rig = await open();
      const mining = await rig.lease('card0', 'mine', { signal });
      mining.revoked.addEventListener('abort', () => void mining[Symbol.asyncDispose]());
      await using serving = await rig.lease('card0', 'serve', { signal });
      expect(rig.holder('card0')?.purpose).toBe(serving.purpose);
    });

    test('of those who wait the highest right gets the card, the others are refused', async () => {
      const rig = await open();
      const mining = await rig.lease('card0', 'mine', { signal });
      const training = rig.lease('card0', 'train', { signal }).catch((error: unknown) => error);
      const serving = rig.lease('card0', 'operator', { signal });
      await aborted(mining.revoked);
      await mining[Symbol.asyncDispose]();
      expect((await serving).purpose).toBe('operator');
      expect(await training).toMatchObject({ code: 'RIG_CARD_HELD' });
      await (await serving)[Symbol.asyncDispose]();
    });

    test('who stops waiting gets the reason, and the card goes on', async () => {
      const rig = await open();
      const mining = await rig.lease('card0', 'mine', { signal });
      const leaving = new AbortController();
      const reason = new RangeError('changed my mind');
      const serving = rig.lease('card0', 'serve', { signal: leaving.signal });
      await aborted(mining.revoked);
      leaving.abort(reason);
      await expect(serving).rejects.toBe(reason);
      await mining[Symbol.asyncDispose]();
      expect(rig.holder('card0')).toBeNull();
      await (await rig.lease('card0', 'train', { signal }))[Symbol.asyncDispose]();
    });
  });
}

function aborted(revoked: AbortSignal): Promise<void> {
  if (revoked.aborted) return Promise.resolve();
  return new Promise((resolve) => revoked.addEventListener('abort', () => resolve(), { once: true }));
}
