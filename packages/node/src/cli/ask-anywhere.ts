/** An answer from whichever gateway is there: where one breaks off, the next goes on with what was told of it. */
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { CliErrorDetails } from './errors.ts';
import { type Gateway, nameOf } from './gateways.ts';
import { type ChatAsk, type ChatPiece, streamChat } from './openai-api.ts';

/** Gateways that one answer is asked of, one after the other: whatever ends them may be its fault. */
export const CONTINUATIONS_MAX = 8;

/** Which of them answers now; a conversation stays there. */
export interface Gateways {
  readonly all: readonly Gateway[];
  current: number;
}

export interface AnywhereOptions {
  signal: AbortSignal;
  tier: PrivacyTier | undefined;
  /** Another gateway goes on with it. */
  onElsewhere: (name: string) => void;
}

interface Held {
  start: unknown;
  drawn: unknown[];
  /** Characters of the text that were given out. */
  shown: number;
}

/** Codes: CLI_API_REFUSED, CLI_API_BROKEN. */
export async function* askAnywhere(
  gateways: Gateways,
  ask: ChatAsk,
  { signal, tier, onElsewhere }: AnywhereOptions,
): AsyncGenerator<ChatPiece> {
  const hasOthers = gateways.all.length > 1;
  const held: Held = { start: null, drawn: [], shown: 0 };
  let inVain = 0;
  for (let asked = 1; ; asked++) {
    const gateway = gateways.all[gateways.current % gateways.all.length] as Gateway;
    const before = held.drawn.length;
    let elsewhere = asked > 1 && held.start !== null;
    try {
      const body = hasOthers ? { ...ask, filon: filonOf(held) } : ask;
      for await (const piece of fresh(held, streamChat(gateway, body, { signal, tier, hasOthers }))) {
        if (elsewhere) onElsewhere(nameOf(gateway));
        elsewhere = false;
        yield piece;
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      inVain = held.drawn.length > before ? 1 : inVain + 1;
      const passes = isBroken(error) || (asked > 1 && isFilonError(error, 'CLI_API_REFUSED'));
      if (!hasOthers || !passes) throw error;
      if (inVain >= gateways.all.length || asked > CONTINUATIONS_MAX) throw nobody(gateways, error);
      gateways.current += 1;
    }
  }
}

function filonOf({ start, drawn }: Held): object {
  return { resumable: true, ...(start === null ? {} : { resume: { start, drawn } }) };
}

/** What is new of an answer that begins with what was given out before. */
async function* fresh(held: Held, pieces: AsyncIterable<ChatPiece>): AsyncGenerator<ChatPiece> {
  let seen = 0;
  for await (const piece of pieces) {
    if (piece.kind === 'start') held.start ??= piece.start;
    else if (piece.kind === 'drawn') {
      // Behind a gap they are of no use: nobody could go on with them.
      const known = held.drawn.length - piece.from;
      if (known >= 0) held.drawn.push(...piece.drawn.slice(known));
    } else if (piece.kind === 'text') {
      const text = piece.text.slice(Math.max(0, held.shown - seen));
      seen += piece.text.length;
      held.shown = Math.max(held.shown, seen);
      if (text !== '') yield { kind: 'text', text };
    } else yield piece;
  }
}

/** A node that stops ends its answers with that word. */
function isBroken(error: unknown): boolean {
  if (isFilonError(error, 'CLI_API_BROKEN')) return true;
  return isFilonError(error) && 'apiCode' in error.details && error.details.apiCode === 'SERVE_STOPPING';
}

function nobody({ all }: Gateways, cause: unknown): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_API_BROKEN' },
    `None of ${all.map(nameOf).join(', ')} could go on with the answer; ask again. The last one said: ${messageOf(cause)}`,
    { cause },
  );
}
