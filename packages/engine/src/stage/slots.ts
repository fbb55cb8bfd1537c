/**
 * Sequences of the KV cache and what they hold. A finished session leaves its tokens behind, and a session whose tokens
 * begin alike takes them over: in place from an idle slot, by copy from one that is in use. Only within one scope: how
 * much was reused can be seen, and what another asked could be guessed from it.
 */
import { invariant } from '@filon/core/errors';
import type { Context } from './context.ts';

export interface Slot {
  readonly sequence: number;
  /** Tokens whose cells are in the cache, in order. */
  cached: number[];
  /** Whose tokens they are. */
  scope: string;
  busy: boolean;
  /** Tick of the last use: the idle slot used longest ago goes first. */
  usedTick: number;
}

export interface Slots {
  /**
   * A slot for these tokens, with what could be reused of the same scope left in `cached` (never all of them); null when
   * all are busy.
   */
  take(wanted: { tokens: readonly number[]; scope: string }, tick: number): Slot | null;
  /** Gives the slot back; its tokens stay until somebody needs the room. */
  release(slot: Slot, tick: number): void;
  /** Drops all tokens of the idle slot used longest ago; false when no idle slot holds any. */
  evict(): boolean;
  /** Drops everything in this slot. */
  clear(slot: Slot): void;
}

/** A copy is worth its price from this many tokens on, over what an idle slot offers anyway. */
export const COPY_GAIN_TOKENS_MIN = 32;

export function createSlots(
  context: Context,
  { count, canTrim }: { count: number; canTrim: boolean },
): Slots {
  const slots = Array.from(
    { length: count },
    (_, sequence): Slot => ({ sequence, cached: [], scope: '', busy: false, usedTick: 0 }),
  );
  const clear = (slot: Slot): void => {
    slot.cached = [];
    invariant(context.trim(slot.sequence, 0), 'a whole sequence can always be dropped');
  };
  const reusable = (slot: Slot, { tokens, scope }: Parameters<Slots['take']>[0]): number => {
    if (slot.scope !== scope) return 0;
    const common = commonPrefix(slot.cached, tokens);
    if (canTrim) return Math.min(common, tokens.length - 1);
    // Without trimming a sequence can only grow.
    return common === slot.cached.length && common < tokens.length ? common : 0;
  };
  const keep = (slot: Slot, length: number): void => {
    // Trimmed even where nothing seems to be left over: a session cancelled in mid-decode leaves rows uncounted.
    if (length === 0 || !context.trim(slot.sequence, length)) clear(slot);
    else slot.cached.length = length;
  };
  return {
    take: (wanted, tick) => {
      const target = bestIdle(slots, (slot) => reusable(slot, wanted));
      if (target === null) return null;
      const donor = canTrim ? longest(slots, (slot) => reusable(slot, wanted)) : null;
      const own = reusable(target, wanted);
      const offered = donor === null ? 0 : reusable(donor, wanted);
      if (donor !== null && donor !== target && offered >= own + COPY_GAIN_TOKENS_MIN) {
        context.copy(donor.sequence, target.sequence, offered);
        target.cached = donor.cached.slice(0, offered);
      } else {
        keep(target, own);
      }
      target.scope = wanted.scope;
      target.busy = true;
      target.usedTick = tick;
      return target;
    },
    release: (slot, tick) => {
      slot.busy = false;
      slot.usedTick = tick;
    },
    evict: () => {
      const oldest = slots
        .filter((slot) => !slot.busy && slot.cached.length > 0)
        .sort((a, b) => a.usedTick - b.usedTick)[0];
      if (oldest === undefined) return false;
      clear(oldest);
      return true;
    },
    clear,
  };
}

/** The idle slot that keeps more than it loses, else the one used longest ago (empty ones before all). */
function bestIdle(slots: readonly Slot[], reusable: (slot: Slot) => number): Slot | null {
  const idle = slots.filter((slot) => !slot.busy);
  const gain = (slot: Slot): number => 2 * reusable(slot) - slot.cached.length;
  const best = idle.reduce<Slot | null>((a, b) => (a !== null && gain(a) >= gain(b) ? a : b), null);
  if (best === null || gain(best) > 0) return best;
  const age = (slot: Slot): number => (slot.cached.length === 0 ? -1 : slot.usedTick);
  return idle.reduce((a, b) => (age(b) < age(a) ? b : a));
}

function longest(slots: readonly Slot[], reusable: (slot: Slot) => number): Slot | null {
  let best: Slot | null = null;
  let bestLength = 0;
  for (const slot of slots) {
    const length = reusable(slot);
    if (length > bestLength) {
      best = slot;
      bestLength = length;
    }
  }
  return best;
}

/** How many leading elements are the same. */
export function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const max = Math.min(a.length, b.length);
  let length = 0;
  while (length < max && a[length] === b[length]) length += 1;
  return length;
}
