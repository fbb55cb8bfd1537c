/** Computes something once, so that a model that nobody has asked yet has a measured speed to announce. */
import type { Waiting } from '../../ports/engine.ts';
import type { GuestSeats } from '../../ports/replicas.ts';
import { askSeat } from './ask-seat.ts';
import { drawQuestion } from './questions.ts';

const QUESTIONS = 12;
const ANSWER_TOKENS = 40;

/** The meter of the engine behind the seats hears of it. Codes: SERVE_*, ENGINE_*. */
export async function speedTest(
  model: string,
  deps: { seats: Pick<GuestSeats, 'take'>; draw: () => number; randomBytes: (count: number) => Uint8Array },
  { signal }: Waiting,
): Promise<void> {
  const { seats, draw, randomBytes } = deps;
  using seat = await seats.take({ model, sessions: 1 }, { signal });
  const text = Array.from({ length: QUESTIONS }, () => drawQuestion(draw)).join(' ');
  const session = Buffer.from(randomBytes(15)).toString('base64url');
  const limits = { maxTokens: ANSWER_TOKENS, ignoreEos: true };
  await askSeat(seat, { model, text, seed: 0n, session, ...limits }, { signal });
}
