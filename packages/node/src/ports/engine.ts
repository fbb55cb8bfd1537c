/** What serving needs of a thing that computes. Adapters: device workers (real), scripted (tests). */
import type { ChatPrompt } from '@filon/core/serving/completion';
import type {
  Device,
  LoadedModel,
  LoadSpec,
  SessionRequest,
  SessionSign,
  TokenizedPrompt,
} from '@filon/core/serving/session';

export interface Waiting {
  signal: AbortSignal;
}

export interface Progress {
  /** 0 to 1. */
  onProgress?: (share: number) => void;
}

export interface EngineStatus {
  workers: {
    device: string;
    state: 'idle' | 'starting' | 'up' | 'backing-off' | 'crash-loop';
    pid: number | null;
    deaths: number;
  }[];
  loaded: LoadedModel[];
  /** Sessions that hold a slot now, by model. */
  sessions: { model: string; count: number }[];
  /** Since the start of the node; never goes back when a worker dies. */
  counters: { generatedTokens: number; promptTokens: number; cachedTokens: number; cancelled: number };
}

export interface Engine {
  /** Devices that answered the probe. */
  devices(options: Waiting): Promise<readonly Device[]>;
  /** Loads, warms up, self-tests. Loading what is loaded the same way returns it. */
  load(spec: LoadSpec, options: Waiting & Progress): Promise<LoadedModel>;
  unload(model: string, options: Waiting): Promise<void>;
  /** The prompt as the model's own tokens; chats go through the model's own template. Codes: TEMPLATE_*. */
  tokenize(
    model: string,
    prompt: ChatPrompt | { kind: 'text'; text: string },
    options: Waiting,
  ): Promise<TokenizedPrompt>;
  /**
   * Runs a session to its end. Leaving the iteration or aborting frees the slot before the next tick. Throws
   * ENGINE_WORKER_DIED when the worker is lost: open again with the tokens received so far to go on.
   */
  open(request: SessionRequest, options: Waiting): AsyncIterable<SessionSign>;
  /** One vector of unit length a text, mean-pooled, [embeddingLength]. */
  embed(model: string, texts: readonly Int32Array[], options: Waiting): Promise<Float32Array[]>;
  status(): EngineStatus;
}
