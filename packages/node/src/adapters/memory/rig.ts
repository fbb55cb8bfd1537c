/** A rig whose cards are given and whose leases end with the process. */

import { FilonError } from '@filon/core/errors';
import { CardQueue } from '@filon/core/rig/card-queue';
import type { Device } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import { type Lease, PURPOSES, type Purpose, type Rig } from '../../ports/rig.ts';

interface Card {
  queue: CardQueue;
  sinceMs: number;
}

export function createMemoryRig(config: { cards: readonly Device[] }, deps: { clock: Clock }): Rig {
  const cards = new Map<string, Card>(
    config.cards.map((device) => [device.id, { queue: new CardQueue(), sinceMs: 0 }]),
  );
  return {
    cards: async () => config.cards,
    lease: async (device, purpose, options) => {
      const card = cards.get(device);
      if (card === undefined) throw refusal('RIG_CARD_UNKNOWN', device);
      const turn = await card.queue.acquire(PURPOSES.indexOf(purpose), options);
      if ('refused' in turn) {
        throw refusal(turn.refused === 'full' ? 'RIG_TOO_MANY_WAITERS' : 'RIG_CARD_HELD', device);
      }
      card.sinceMs = deps.clock.nowMs();
      const { revoked } = turn;
      const lease: Lease = {
        device,
        purpose,
        revoked,
        [Symbol.asyncDispose]: async () => turn.giveBack(),
      };
      return lease;
    },
    holder: (device) => {
      const card = cards.get(device);
      const purpose: Purpose | undefined = PURPOSES[card?.queue.holderRank ?? -1];
      return card === undefined || purpose === undefined ? null : { purpose, sinceMs: card.sinceMs };
    },
  };
}

function refusal(code: string, device: string): FilonError {
  return new FilonError({ code, device }, `Device ${device} cannot be had (${code}).`);
}
