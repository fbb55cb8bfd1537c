/** The events of a choice from its first one on: those that are known from before, then what its session brings. */
import type { SessionEvent, SessionRequest } from '@filon/core/serving/session';
import type { RunEvent } from './run.ts';

export interface Continuation {
  /** In order; none for a new answer. */
  known: readonly SessionEvent[];
  /** Opens the session where the known events end. */
  run: (start: SessionRequest) => AsyncIterable<RunEvent>;
  /** Hears every event that was not known, before it is passed on. */
  record: (event: SessionEvent) => void;
}

/** `start`: the session at its very beginning. */
export async function* continued(
  start: SessionRequest,
  { known, run, record }: Continuation,
): AsyncGenerator<RunEvent> {
  yield* known;
  if (known.at(-1)?.kind === 'end') return;
  const generated = known.flatMap((event) => (event.kind === 'token' ? [event.token] : []));
  const tokens = Int32Array.of(...start.tokens, ...generated);
  for await (const event of run(generated.length === 0 ? start : { ...start, tokens })) {
    if (event.kind === 'prefilled' && known.length > 0) continue;
    if (event.kind !== 'pause') record(event);
    yield event;
  }
}
