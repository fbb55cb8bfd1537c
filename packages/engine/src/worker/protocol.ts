/**
 * Messages between a node and the worker of one device: the local case of the stage protocol. They go over the channel of
 * a forked child with structured cloning. Requests have an id and get one reply; sessions are opened and cancelled without
 * one and speak through `outputs`.
 */
import type { ErrorObject } from '@filon/core/errors';
import type { ChatPrompt } from '@filon/core/serving/completion';
import type {
  LoadedModel,
  LoadSpec,
  SessionRequest,
  SessionSign,
  TokenizedPrompt,
} from '@filon/core/serving/session';
import type { Certificate, CertifyRequest } from '../certify/certificate.ts';
import type { Counters } from '../stage/batcher.ts';
import type { StageSettings } from '../stage/settings.ts';

/** A prompt as people write it. */
export type TextPrompt = ChatPrompt | { kind: 'text'; text: string };

export interface LoadRequest {
  spec: LoadSpec;
  settings: StageSettings;
  /** Same class, same logits; null in fast mode. */
  numericClass: string | null;
}

/** What can be asked, and what comes back. */
export interface Calls {
  load: { request: LoadRequest; reply: LoadedModel };
  unload: { request: { model: string }; reply: null };
  tokenize: { request: { model: string; prompt: TextPrompt }; reply: TokenizedPrompt };
  embed: { request: { model: string; texts: readonly Int32Array[] }; reply: Float32Array[] };
  certify: { request: CertifyRequest; reply: Certificate };
  /** Frees the slot before the next tick; the counters are those of that moment. */
  cancel: { request: { model: string; session: string }; reply: Counters };
}

export type CallKind = keyof Calls;

export type ToWorker =
  | { [K in CallKind]: { kind: K; id: number; request: Calls[K]['request'] } }[CallKind]
  | { kind: 'abort'; id: number }
  | { kind: 'open'; request: SessionRequest };

export type WireOutput = SessionSign | { kind: 'error'; error: ErrorObject };

/** The id of a failure to start; calls have ids from 1 up. */
export const START_ID = 0;

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'reply'; id: number; value: unknown }
  | { kind: 'failure'; id: number; error: ErrorObject }
  | { kind: 'progress'; id: number; share: number }
  /** Sent every tick, with nothing in it when nothing came of the tick: a sign of life. */
  | { kind: 'outputs'; outputs: [session: string, output: WireOutput][]; counters: Counters };
