/** An answer that is coming, and what was measured on its way. */
import type { AnswerMessage, Figures } from '../conversation/message.ts';
import { type AnswerRun, NO_RUN } from '../wire/answer-run.ts';

export interface LiveAnswer {
  run: AnswerRun;
  /** Whether the page saw it from its question on; only then its times mean something. */
  wasSeenWhole: boolean;
  startedMs: number;
  firstTextMs: number | null;
  lastTextMs: number | null;
  /** When the node is asked again after the connection broke; null while it holds. */
  retryAtMs: number | null;
  isStopping: boolean;
}

export function beginLive(message: AnswerMessage, nowMs: number): LiveAnswer {
  const { responseId, sequence, text, reasoning } = message;
  return {
    run: {
      ...NO_RUN,
      responseId,
      sequence,
      text,
      reasoning,
      servedBy: message.servedBy ?? [],
      gateway: message.gateway ?? null,
    },
    wasSeenWhole: responseId === null,
    startedMs: nowMs,
    firstTextMs: null,
    lastTextMs: null,
    retryAtMs: null,
    isStopping: false,
  };
}

/** `retryInMs`: how long until the node is asked again; null: it has just answered. */
export function takeRun(
  live: LiveAnswer,
  run: AnswerRun,
  times: { nowMs: number; retryInMs: number | null },
): LiveAnswer {
  const { nowMs, retryInMs } = times;
  const hasGrown = run.text.length + run.reasoning.length > live.run.text.length + live.run.reasoning.length;
  return {
    ...live,
    run,
    wasSeenWhole: live.wasSeenWhole && retryInMs === null,
    firstTextMs: live.firstTextMs ?? (hasGrown ? nowMs : null),
    lastTextMs: hasGrown ? nowMs : live.lastTextMs,
    retryAtMs: retryInMs === null ? null : nowMs + retryInMs,
  };
}

/** What the message says after this much of the answer. */
export function messageOf(message: AnswerMessage, live: LiveAnswer): AnswerMessage {
  const { text, reasoning, responseId, sequence, end, servedBy, gateway } = live.run;
  // A lost answer may still be found: its id is kept.
  const isOver = end !== null && end.kind !== 'lost';
  return {
    ...message,
    text,
    reasoning,
    responseId: isOver ? null : responseId,
    sequence,
    end,
    servedBy,
    ...(gateway === null ? {} : { gateway }),
    figures: end === null ? null : (figuresOf(live) ?? message.figures),
  };
}

function figuresOf({ run, wasSeenWhole, startedMs, firstTextMs, lastTextMs }: LiveAnswer): Figures | null {
  if (run.tokens === null) return null;
  const seen = wasSeenWhole && firstTextMs !== null && lastTextMs !== null;
  const writingMs = seen ? lastTextMs - firstTextMs : 0;
  return {
    tokens: run.tokens,
    firstTokenMs: seen ? Math.round(firstTextMs - startedMs) : null,
    tokensPerSecond: writingMs > 0 && run.tokens > 1 ? ((run.tokens - 1) * 1000) / writingMs : null,
  };
}
