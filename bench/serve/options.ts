/** The command line of the bench. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FilonError } from '@filon/core/errors';
import { physicalCores } from '@filon/engine/device/threads';
import type { BenchErrorDetails } from './errors.ts';

export const CASES = ['decode', 'first-token', 'exact', 'overhead', 'memory', 'start', 'install'] as const;
export type CaseName = (typeof CASES)[number];

export interface Options {
  cases: readonly CaseName[];
  /** A GGUF file, or a name or source that `filon pull` understands. */
  model: string;
  /** Ready-built llama-server; null: build it into the cache. */
  llamaServer: string | null;
  cacheDirectory: string;
  threads: number;
  /** Rounds that count; one more before them does not. */
  rounds: number;
  /** Tokens generated in a session. */
  tokens: number;
  promptTokens: number;
  /** Where the JSON goes; null: standard output. */
  json: string | null;
  /** Where the nodes' homes are kept for the next time, model and certificate with them; null: nowhere. */
  keepDirectory: string | null;
  /** A directory with a production install, measured in place of a fresh one. */
  installDirectory: string | null;
  /** Where CPU profiles of the node and its worker go; null: none are taken. */
  profileDirectory: string | null;
}

/** Of all programs, the context they are started with. */
export const CONTEXT_TOKENS = 8192;
/** Sessions that decode together at most. */
export const SESSIONS = 8;

const FULL = { rounds: 7, tokens: 128, promptTokens: 1000 };
const QUICK = { rounds: 2, tokens: 32, promptTokens: 1000 };
/** Certifying takes minutes; an install takes the network. */
const QUICK_CASES: readonly CaseName[] = ['decode', 'first-token', 'overhead', 'memory', 'start'];
/** Of a cache of 8,192 tokens that is divided among 8 sessions, each has 1,024. */
const PROMPT_TOKENS_MAX = 1000;
const TOKENS_MAX = 512;

export const HELP: string = `node bench/serve.ts [options]
Measures this node and llama-server in turns: same file, threads, context and prompts.

  --quick               few rounds and short answers: about two minutes, for a look
  --cases A,B           of ${CASES.join(', ')} (all; --quick leaves out exact and install)
  --model MODEL         a .gguf file, or what \`filon pull\` takes (smollm2-135m)
  --llama-server PATH   use this one; otherwise it is built once into the cache (about 20 minutes)
  --cache DIR           (~/.cache/filon-bench)
  --threads N           (physical cores)
  --rounds N, --tokens N, --prompt-tokens N
  --json FILE           write the report there; otherwise to standard output. The table goes to standard error.
  --keep DIR            keep the nodes' homes there: the model and its certificate are not made anew the next time
  --install-dir DIR     measure this production install instead of making one
  --profile DIR         take CPU profiles of the node and its worker during decodes
`;

/** Null: help was asked for. Codes: BENCH_OPTION_INVALID. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parse(argv);
  if (values.help) return null;
  const standard = values.quick ? QUICK : FULL;
  const usual = values.quick ? QUICK_CASES : CASES;
  const given = (path: string | undefined): string | null => (path === undefined ? null : resolve(path));
  return {
    cases: values.cases === undefined ? usual : values.cases.split(',').map(caseOf),
    model: values.model?.endsWith('.gguf')
      ? `file:${resolve(values.model)}`
      : (values.model ?? 'smollm2-135m'),
    llamaServer: given(values['llama-server']),
    cacheDirectory: given(values.cache) ?? join(homedir(), '.cache', 'filon-bench'),
    threads: count('threads', values.threads, 1024) ?? physicalCores(),
    rounds: count('rounds', values.rounds, 100) ?? standard.rounds,
    tokens: count('tokens', values.tokens, TOKENS_MAX) ?? standard.tokens,
    promptTokens: count('prompt-tokens', values['prompt-tokens'], PROMPT_TOKENS_MAX) ?? standard.promptTokens,
    json: given(values.json),
    keepDirectory: given(values.keep),
    installDirectory: given(values['install-dir']),
    profileDirectory: given(values.profile),
  };
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

interface Parsed {
  values: {
    help: boolean;
    quick: boolean;
  } & Partial<
    Record<
      | 'cases'
      | 'model'
      | 'llama-server'
      | 'cache'
      | 'threads'
      | 'rounds'
      | 'tokens'
      | 'prompt-tokens'
      | 'json'
      | 'keep'
      | 'install-dir'
      | 'profile',
      string
    >
  >;
}

function parse(argv: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { ...flag, short: 'h' },
        quick: flag,
        ...{ cases: text, model: text, 'llama-server': text, cache: text, threads: text, rounds: text },
        ...{
          tokens: text,
          'prompt-tokens': text,
          json: text,
          keep: text,
          'install-dir': text,
          profile: text,
        },
      },
    });
  } catch (error) {
    throw invalid(argv.join(' '), error instanceof Error ? error.message : String(error));
  }
}

function caseOf(name: string): CaseName {
  const known = CASES.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw invalid('--cases', `there is no case ${JSON.stringify(name)}; there are ${CASES.join(', ')}.`);
}

function count(name: string, value: string | undefined, max: number): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= max) return number;
  throw invalid(
    `--${name}`,
    `--${name} cannot be ${JSON.stringify(value)}: a whole number from 1 to ${max}.`,
  );
}

function invalid(option: string, message: string): FilonError<BenchErrorDetails> {
  return new FilonError({ code: 'BENCH_OPTION_INVALID', option }, message);
}
