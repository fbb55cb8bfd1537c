/** The sessions of one request as one stream of chunks. */
import type { Chunk, ServedBy, TokenLogprob, Usage } from '@filon/core/serving/completion';
import type { SessionEvent } from '@filon/core/serving/session';
import { Merge } from './merge.ts';
import type { TakenApart } from './taken-apart.ts';

type ChoiceEvent = SessionEvent | { kind: 'pause' };

export interface ChoicesPlan {
  /** Opens the session of one choice. */
  open: (choice: number, signal: AbortSignal) => AsyncIterable<ChoiceEvent>;
  choices: number;
  /** Sessions at the same time, at least one. */
  together: number;
  /** Counted on as tokens come; begins with the prompt's. */
  usage: Usage;
  signal: AbortSignal;
  /** Who computed it, so far. */
  servedBy?: readonly ServedBy[];
  /** Takes the tokens of a choice apart; absent: all of them are text, and there is nothing to do. */
  apart?: (choice: number) => TakenApart;
}

/** All choices, then the usage: the prompt counts once, however many choices share it. */
export async function* answerChoices(plan: ChoicesPlan): AsyncGenerator<Chunk> {
  const { usage } = plan;
  if (plan.choices === 1) yield* chunksOf(0, plan.open(0, plan.signal), { usage, apart: plan.apart?.(0) });
  else yield* several(plan);
  const { servedBy = [] } = plan;
  const elsewhere = servedBy.some(({ node }) => node !== null);
  yield { kind: 'usage', usage: { ...usage }, ...(elsewhere && { servedBy: [...servedBy] }) };
}

/** The first choice prefills the prompt; the others wait for that and find it in the prefix cache. */
async function* several(plan: ChoicesPlan): AsyncGenerator<Chunk> {
  const own = new AbortController();
  const leave = (): void => own.abort(plan.signal.reason);
  plan.signal.addEventListener('abort', leave, { once: true });
  const merge = new Merge<Chunk>(() => own.abort());
  let started = 0;
  const start = (onPrefilled: () => void): void => {
    if (started >= plan.choices) return;
    const choice = started++;
    // The next one starts when the slot of this one is free, which is a moment after its last chunk.
    const onDone = (): void => start(() => undefined);
    const { usage, apart } = plan;
    const options = { usage, apart: apart?.(choice), onPrefilled, onDone };
    merge.add(chunksOf(choice, plan.open(choice, own.signal), options));
  };
  try {
    plan.signal.throwIfAborted();
    start(() => {
      for (let more = 1; more < plan.together; more++) start(() => undefined);
    });
    yield* merge.values();
  } finally {
    plan.signal.removeEventListener('abort', leave);
  }
}

interface ChunksOptions {
  usage: Usage;
  apart: TakenApart | undefined;
  onPrefilled?: () => void;
  onDone?: () => void;
}

/**
 * Log-probabilities wait until the text of their token may be shown, so those of a stop string are never sent. Tokens
 * that show nothing yet make no chunk.
 */
async function* chunksOf(
  choice: number,
  events: AsyncIterable<ChoiceEvent>,
  { usage, apart, onPrefilled, onDone }: ChunksOptions,
): AsyncGenerator<Chunk> {
  let held: TokenLogprob[] = [];
  for await (const event of events) {
    if (event.kind === 'token') {
      usage.completionTokens += 1;
      if (apart !== undefined) {
        yield* apart.token(event);
        if (!apart.isOver) continue;
        // Left before its end, so that its slot is free at once.
        yield { kind: 'end', choice, reason: 'tool-calls' };
        break;
      }
      if (event.logprob !== null) held.push(event.logprob);
      if (event.text === '') continue;
      yield { kind: 'delta', choice, text: event.text, logprobs: held };
      held = [];
    } else if (event.kind === 'end') {
      if (apart !== undefined) {
        yield* apart.end(event);
        continue;
      }
      const shown = event.text !== '' || (event.reason === 'length' && held.length > 0);
      if (shown) yield { kind: 'delta', choice, text: event.text, logprobs: held };
      const { reason, stop } = event;
      yield { kind: 'end', choice, reason, ...(stop === undefined ? {} : { stop }) };
    } else if (event.kind === 'pause') yield { kind: 'pause', choice };
    else {
      if (choice === 0) usage.cachedTokens = event.cachedTokens;
      onPrefilled?.();
    }
  }
  onDone?.();
}
