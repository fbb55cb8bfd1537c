/** What every case works with. */
import type { StageSettings } from '@filon/engine/stage/settings';
import type { Options } from './options.ts';
import type { FilonCommand } from './programs/filon-command.ts';
import type { StoredFile } from './programs/filon-node.ts';
import type { Prompts } from './prompts.ts';
import type { Measure } from './report.ts';

export interface Bench {
  readonly options: Options;
  readonly signal: AbortSignal;
  readonly filon: FilonCommand;
  /** Id of the node's CPU device: llama-server computes on the CPU too. */
  readonly device: string;
  /** A home in which the model is stored. */
  readonly home: string;
  /** For whatever a case needs; removed at the end unless it is to be kept. */
  readonly scratch: string;
  readonly model: StoredFile;
  /** Words that make a prompt of `options.promptTokens` tokens, about. */
  readonly promptWords: number;
  readonly prompts: Prompts;
  /** Path of the program; asked for by the cases that need it, because a build takes long. */
  llamaServer(): Promise<string>;
  /** Tells the person who waits. */
  say(text: string): void;
}

/** Measures one by one, so that an interruption leaves those that were taken. */
export type Case = (bench: Bench) => AsyncIterable<Measure>;

/** Names in reports. */
export const FILON = 'filon';

/** How a context of the bare loop computes. */
export interface LoopSpec {
  path: string;
  device: string;
  threads: number;
  contextTokens: number;
  sessions: number;
  settings: StageSettings;
}
