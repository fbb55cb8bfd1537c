/** One question to one seat, for checks and measurements: what came of it, in tokens. */
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { SessionRequest } from '@filon/core/serving/session';
import type { Waiting } from '../../ports/engine.ts';
import type { Seat } from '../../ports/replicas.ts';

export interface SeatQuestion {
  /** sha256 of the file. */
  model: string;
  text: string;
  seed: bigint;
  maxTokens: number;
  /** Goes on to `maxTokens` whatever the model draws. */
  ignoreEos: boolean;
  /** Unlike any other session's. */
  session: string;
}

/** The prompt's tokens and then those of the answer. Codes: as those of the seat. */
export async function askSeat(seat: Seat, question: SeatQuestion, { signal }: Waiting): Promise<Int32Array> {
  const { model, text, seed, maxTokens, ignoreEos, session } = question;
  const loaded = await seat.ready({ signal });
  const prompt = loaded.dialect
    ? ({ kind: 'chat', messages: [{ role: 'user', content: text }] } as const)
    : ({ kind: 'text', text } as const);
  const { tokens } = await seat.tokenize(prompt, { signal });
  const request: SessionRequest = {
    ...{ session, model, tokens, promptTokens: tokens.length, maxTokens, ignoreEos },
    sampling: { ...DEFAULT_SAMPLING, seed },
    ...{ stop: [], grammar: null, topLogprobs: null, scope: session },
  };
  const drawn: number[] = [];
  for await (const sign of seat.open(request, { signal })) if (sign.kind === 'token') drawn.push(sign.token);
  return Int32Array.from([...tokens, ...drawn]);
}
