/** What a chat that offers tools asks of an answer: its grammar, and how it is taken apart. */
import { createHash } from 'node:crypto';
import { needsParser } from '@filon/core/dialect/answer-parser';
import { checkTools, offeredTools } from '@filon/core/dialect/check-tools';
import type { Dialect } from '@filon/core/dialect/dialect';
import { afterReasoning, toolGrammar } from '@filon/core/dialect/tool-grammar';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { ChatPrompt, CompletionRequest, Tool } from '@filon/core/serving/completion';
import type { LoadedModel } from '@filon/core/serving/session';
import type { ServeErrorDetails } from './errors.ts';

type Asked = Pick<CompletionRequest, 'prompt' | 'format'>;

/** How thoughts and calls are told from text. */
export interface Reading {
  dialect: Dialect;
  startsInReasoning: boolean;
  tools: readonly Tool[];
  /** false: the answer ends with its first call. */
  parallel: boolean;
}

/** Before anything is loaded. Codes: SERVE_TOOLS_INVALID. */
export function checkOffer({ prompt, format }: Asked): void {
  if (prompt.kind !== 'chat') return;
  try {
    checkTools(prompt);
  } catch (cause) {
    throw isFilonError(cause) ? invalid(cause.message, cause) : cause;
  }
  const { kind = 'auto' } = prompt.toolChoice ?? {};
  if (format.kind === 'text' || (kind !== 'required' && kind !== 'named')) return;
  throw invalid(
    'a format of the answer and a required call of a tool exclude one another; use tool_choice auto',
  );
}

/** null: all of the answer is text. */
export function readingOf(
  { prompt }: Asked,
  { dialect }: LoadedModel,
  startsInReasoning: boolean,
): Reading | null {
  if (prompt.kind !== 'chat' || dialect === null) return null;
  const tools = offeredTools(prompt);
  const { parallelToolCalls: parallel = true } = prompt;
  return needsParser(dialect, { tools }) ? { dialect, startsInReasoning, tools, parallel } : null;
}

/** `ofFormat`: the grammar of the answer's format, null for text. Codes: SERVE_TOOLS_INVALID. */
export function answerGrammar(
  { prompt, format }: Asked,
  ofFormat: string | null,
  reading: Reading | null,
): string | null {
  if (reading === null || prompt.kind !== 'chat') return ofFormat;
  const { dialect, startsInReasoning } = reading;
  const grammar = callGrammar({ prompt, format }, reading) ?? ofFormat;
  if (grammar === null || !startsInReasoning || dialect.reasoning === null) return grammar;
  return afterReasoning(grammar, dialect.reasoning);
}

/** Whatever the model's dialect is: then a session can be asked for before that is known. */
export function followsNoGrammar({ prompt, format }: Asked): boolean {
  if (format.kind !== 'text') return false;
  if (prompt.kind !== 'chat') return true;
  return offeredTools(prompt).length === 0 || isFree(prompt);
}

function isFree({ toolChoice = { kind: 'auto' } }: ChatPrompt): boolean {
  return toolChoice.kind === 'auto' || toolChoice.kind === 'none';
}

/** null: calls are not enforced, and nothing else is. */
function callGrammar({ prompt, format }: Asked, { dialect, tools, parallel }: Reading): string | null {
  if (prompt.kind !== 'chat' || tools.length === 0) return null;
  const choice = prompt.toolChoice ?? { kind: 'auto' };
  if (isFree(prompt) && format.kind === 'text') return null;
  const callable = choice.kind === 'named' ? tools.filter(({ name }) => name === choice.name) : tools;
  try {
    const orElse = format.kind === 'text' ? {} : { orElse: format };
    return toolGrammar(dialect, { tools: callable, parallel, ...orElse });
  } catch (cause) {
    throw isFilonError(cause) ? invalid(cause.message, cause) : cause;
  }
}

/** The same for the same prompt and seed, so that an answer that another process goes on with keeps its ids. */
export function callIds(start: {
  model: string;
  tokens: Int32Array;
  seed: bigint;
}): (choice: number, index: number) => string {
  const { model, tokens, seed } = start;
  const hash = createHash('sha256').update(`${model} ${seed} `);
  const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
  const digest = hash.update(bytes).digest('hex').slice(0, 24);
  return (choice, index) => `call_${digest}_${choice}_${index}`;
}

function invalid(message: string, cause?: FilonError): FilonError<ServeErrorDetails> {
  const reason = cause?.code ?? 'format';
  return new FilonError<ServeErrorDetails>({ code: 'SERVE_TOOLS_INVALID', reason }, message, { cause });
}
