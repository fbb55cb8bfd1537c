/** An answer as it comes: what each event of the Responses API changes. */
import type { AnswerEnd } from '../conversation/message.ts';
import { type Served, serversIn } from '../conversation/served.ts';

export interface AnswerRun {
  /** null until the node took the question. */
  responseId: string | null;
  /** Of the last event taken in; -1 before the first. */
  sequence: number;
  text: string;
  reasoning: string;
  /** A worker died or a node was lost, and nothing came since. */
  isPaused: boolean;
  /** null until the end. */
  end: AnswerEnd | null;
  /** As the node counted them; null until it says. */
  tokens: number | null;
  /** In order, from the last event; none: the node that was asked did all of it. */
  servedBy: readonly Served[];
  /** What another gateway needs to go on with it; null: it was not told. */
  resumption: Resumption | null;
  /** Origin of the gateway that has it; null: the page's own node. */
  gateway: string | null;
}

/** As it came; only gateways look into it. `drawn` grows in place: an answer has many tokens. */
export interface Resumption {
  start: unknown;
  drawn: unknown[];
}

export const NO_RUN: AnswerRun = {
  responseId: null,
  sequence: -1,
  text: '',
  reasoning: '',
  isPaused: false,
  end: null,
  tokens: null,
  servedBy: [],
  resumption: null,
  gateway: null,
};

type Fields = Readonly<Record<string, unknown>>;

/** An event that was seen before changes nothing, so that a stream may be taken up a little too early. */
export function takeEvent(run: AnswerRun, event: unknown): AnswerRun {
  const fields = fieldsOf(event);
  const sequence = typeof fields['sequence_number'] === 'number' ? fields['sequence_number'] : null;
  if (run.end !== null) return run;
  if (fields['type'] === 'response.filon.pause') return { ...run, isPaused: true };
  if (fields['type'] === 'response.filon.resume') return { ...run, resumption: told(run.resumption, fields) };
  if (sequence !== null && sequence <= run.sequence) return run;
  const changed = change(run, fields);
  return sequence === null ? changed : { ...changed, sequence };
}

/** Tokens that are there already are not taken twice. */
function told(held: Resumption | null, fields: Fields): Resumption | null {
  const [start, from, drawn] = [fields['start'], fields['from'], fields['drawn']];
  if (start !== undefined) return held ?? { start, drawn: [] };
  if (held === null || !Array.isArray(drawn) || typeof from !== 'number' || from > held.drawn.length)
    return held;
  held.drawn.push(...drawn.slice(held.drawn.length - from));
  return held;
}

function change(run: AnswerRun, fields: Fields): AnswerRun {
  switch (fields['type']) {
    case 'response.output_text.delta':
    case 'response.refusal.delta':
      return { ...run, text: run.text + textOf(fields['delta']), isPaused: false };
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return { ...run, reasoning: run.reasoning + textOf(fields['delta']), isPaused: false };
    case 'error':
      // Of this connection: how an answer that the node has taken ended is said by its own last event.
      return run.responseId === null ? { ...run, end: failure(fields) } : run;
    default:
      return takeResponse(run, fieldsOf(fields['response']));
  }
}

/** Events of the whole response bring it along: its id at first, how it ended at last. */
function takeResponse(run: AnswerRun, response: Fields): AnswerRun {
  const id = typeof response['id'] === 'string' ? response['id'] : run.responseId;
  const end = endOf(response);
  const tokens = fieldsOf(response['usage'])['output_tokens'];
  const servers = fieldsOf(response['filon'])['served_by'];
  return {
    ...run,
    responseId: id,
    end,
    isPaused: run.isPaused && end === null,
    tokens: typeof tokens === 'number' ? tokens : run.tokens,
    servedBy: servers === undefined ? run.servedBy : serversIn(servers),
  };
}

function endOf(response: Fields): AnswerEnd | null {
  switch (response['status']) {
    case 'completed':
      return { kind: 'done' };
    case 'cancelled':
      return { kind: 'stopped' };
    case 'incomplete': {
      const reason = fieldsOf(response['incomplete_details'])['reason'];
      return { kind: reason === 'max_output_tokens' ? 'length' : 'stopped' };
    }
    case 'failed':
      return failure(fieldsOf(response['error']));
    default:
      return null;
  }
}

function failure(error: Fields): AnswerEnd {
  return { kind: 'failed', code: textOf(error['code']), message: textOf(error['message']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : '';
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
