/** Turns a request into tokens and a grammar, and refuses what cannot work before anything is computed. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { AnswerFormat, CompletionRequest, Prompt } from '@filon/core/serving/completion';
import type { LoadedModel, TokenizedPrompt } from '@filon/core/serving/session';
import type { Seat } from '../ports/replicas.ts';
import type { ServeErrorDetails } from './errors.ts';
import { CHARACTERS_PER_TOKEN_MAX } from './limits.ts';
import { answerGrammar, type Reading, readingOf } from './tools.ts';

/** Grammars (GBNF) for the answer formats. */
export interface Grammars {
  /** Throws for schemas that it cannot honour. */
  ofSchema(schema: unknown): string;
  readonly json: string;
}

export interface Prepared {
  tokens: Int32Array;
  /** Generated tokens at most: what was asked for, or what the context has room for if that is less. */
  maxTokens: number;
  /** What the answer must look like, token by token. */
  grammar: string | null;
  /** How the answer is taken apart; null: all of it is text. */
  reading: Reading | null;
}

interface PrepareDeps {
  seat: Pick<Seat, 'tokenize'>;
  signal: AbortSignal;
}

/** Codes: SERVE_SCHEMA_UNSUPPORTED. */
export function grammarOf(format: AnswerFormat, grammars: Grammars): string | null {
  if (format.kind === 'text') return null;
  if (format.kind === 'json') return grammars.json;
  try {
    return grammars.ofSchema(format.schema);
  } catch (cause) {
    if (!isFilonError(cause)) throw cause;
    const { message } = cause;
    throw new FilonError({ code: 'SERVE_SCHEMA_UNSUPPORTED', reason: cause.code }, message, { cause });
  }
}

/**
 * `grammar`: that of the format. Codes: SERVE_CONTEXT_EXCEEDED, SERVE_PROMPT_EMPTY, SERVE_TOKEN_UNKNOWN,
 * SERVE_TOOLS_INVALID, TEMPLATE_*.
 */
export async function prepare(
  request: Pick<CompletionRequest, 'prompt' | 'maxTokens' | 'sampling' | 'format'>,
  loaded: LoadedModel,
  deps: PrepareDeps & { grammar: string | null; begun?: string },
): Promise<Prepared> {
  for (const [token] of request.sampling.logitBias) checkToken(token, loaded, 'logitBias');
  const { tokens, inReasoning } = await promptTokens(request.prompt, loaded, deps);
  if (deps.begun !== undefined && deps.begun !== '') {
    return await prepareRest({ ...request, begun: deps.begun }, loaded, { ...deps, tokens, inReasoning });
  }
  const room = loaded.contextTokens - tokens.length;
  const reading = readingOf(request, loaded, inReasoning);
  const grammar = answerGrammar(request, deps.grammar, reading);
  return { tokens, maxTokens: Math.min(request.maxTokens ?? room, room), grammar, reading };
}

/** Behind the beginning of a chat's answer, which somebody else has sent. Codes: SERVE_CONTEXT_EXCEEDED, SERVE_BEGUN_IN_THOUGHT. */
async function prepareRest(
  request: Pick<CompletionRequest, 'prompt' | 'maxTokens' | 'format'> & { begun: string },
  loaded: LoadedModel,
  { tokens: prompt, inReasoning, seat, signal }: PrepareDeps & TokenizedPrompt,
): Promise<Prepared> {
  if (inReasoning) throw begunInThought();
  const [begun, none] = await Promise.all(
    [request.begun, ''].map((text) => seat.tokenize({ kind: 'text', text }, { signal })),
  );
  // Of a text the tokenizer makes a beginning; this one goes on.
  const added = none?.tokens.filter((token, at) => begun?.tokens[at] === token).length ?? 0;
  const tokens = Int32Array.of(...prompt, ...(begun?.tokens.subarray(added) ?? []));
  if (tokens.length >= loaded.contextTokens) throw contextExceeded(tokens.length, loaded);
  const room = loaded.contextTokens - tokens.length;
  const reading = readingOf(request, loaded, false);
  return { tokens, maxTokens: Math.min(request.maxTokens ?? room, room), grammar: null, reading };
}

/** Codes: as {@link prepare}. */
export async function promptTokens(
  prompt: Prompt,
  loaded: LoadedModel,
  deps: PrepareDeps,
): Promise<TokenizedPrompt> {
  const made = await tokenized(prompt, loaded, deps);
  const { tokens } = made;
  if (tokens.length === 0) {
    throw new FilonError({ code: 'SERVE_PROMPT_EMPTY' }, 'the prompt is empty; send at least one token');
  }
  if (tokens.length >= loaded.contextTokens) throw contextExceeded(tokens.length, loaded);
  return made;
}

async function tokenized(
  prompt: Prompt,
  loaded: LoadedModel,
  { seat, signal }: PrepareDeps,
): Promise<TokenizedPrompt> {
  if (prompt.kind === 'tokens') {
    if (prompt.tokens.length >= loaded.contextTokens) throw contextExceeded(prompt.tokens.length, loaded);
    for (const token of prompt.tokens) checkToken(token, loaded, 'prompt');
    return { tokens: Int32Array.from(prompt.tokens), inReasoning: false };
  }
  const atLeast = Math.ceil(charactersOf(prompt) / CHARACTERS_PER_TOKEN_MAX);
  if (atLeast > loaded.contextTokens) throw contextExceeded(atLeast, loaded);
  return await seat.tokenize(prompt, { signal });
}

function charactersOf(prompt: Exclude<Prompt, { kind: 'tokens' }>): number {
  if (prompt.kind === 'text') return prompt.text.length;
  return prompt.messages.reduce((sum, { content }) => sum + content.length, 0);
}

function contextExceeded(tokens: number, { contextTokens }: LoadedModel): FilonError {
  return new FilonError(
    { code: 'SERVE_CONTEXT_EXCEEDED', promptTokens: tokens, contextTokens },
    `the prompt has ${tokens} tokens or more, and the context holds ${contextTokens} with the answer; shorten it`,
  );
}

function begunInThought(): FilonError<ServeErrorDetails> {
  return new FilonError<ServeErrorDetails>(
    { code: 'SERVE_BEGUN_IN_THOUGHT' },
    'this model thinks before it answers, so it cannot go on with an answer that another one began; ask again',
  );
}

function checkToken(token: number, { vocabTokens }: LoadedModel, field: 'prompt' | 'logitBias'): void {
  if (token >= 0 && token < vocabTokens) return;
  throw new FilonError(
    { code: 'SERVE_TOKEN_UNKNOWN', token, vocabTokens, field },
    `there is no token ${token}: this model's tokens are 0 to ${vocabTokens - 1}`,
  );
}
