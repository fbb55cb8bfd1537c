/** Puts canaries to the seats of this node and of others. */
import type { GuestSeats, Replicas } from '../../ports/replicas.ts';
import { askSeat } from './ask-seat.ts';
import type { AskCanary } from './canaries.ts';

/** Enough for another model to say something else. */
const ANSWER_TOKENS = 32;

export function canaryAsker(deps: {
  seats: Pick<GuestSeats, 'take'>;
  take: Replicas['take'];
  randomBytes: (count: number) => Uint8Array;
}): AskCanary {
  const { seats, take, randomBytes } = deps;
  return async ({ node, model }, { text, seed }, { signal }) => {
    const wanted = { model, sessions: 1 };
    using seat =
      node === null ? await seats.take(wanted, { signal }) : await take({ ...wanted, node }, { signal });
    const session = Buffer.from(randomBytes(15)).toString('base64url');
    const limits = { maxTokens: ANSWER_TOKENS, ignoreEos: false };
    return await askSeat(seat, { model, text, seed, session, ...limits }, { signal });
  };
}
