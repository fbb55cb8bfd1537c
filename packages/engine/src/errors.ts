/** Every error that this package throws by itself; the folders gguf, template and sampler name their own. */
export type EngineErrorDetails =
  /** No library for this platform, or a file of it is missing or does not load. */
  | { code: 'ENGINE_LIBRARY_MISSING'; platform: string; tried: string[] }
  /** The library is not the version that the struct layouts were written for. */
  | { code: 'ENGINE_VERSION_MISMATCH'; found: string; pinned: string }
  | { code: 'ENGINE_DEVICE_UNKNOWN'; device: string; known: string[] }
  /** llama.cpp refused the file, or ended the worker over it; `lines` are the last words of its own log. */
  | { code: 'ENGINE_LOAD_FAILED'; model: string; lines: string[] }
  | { code: 'ENGINE_MODEL_UNSUPPORTED'; model: string; reason: string }
  /** The first tokens after loading were not what a sane model gives (not finite, or the worker died on them). */
  | { code: 'ENGINE_SELF_TEST_FAILED'; model: string; reason: string }
  | { code: 'ENGINE_MEMORY'; model: string; neededBytes: number; freeBytes: number }
  /** llama.cpp gave no context: too little memory, or settings that do not suit the model. */
  | { code: 'ENGINE_CONTEXT_REFUSED'; cacheTokens: number; settings: string }
  | { code: 'ENGINE_MODEL_NOT_LOADED'; model: string }
  /** `exact` was asked for and nobody has certified this file on this device. */
  | { code: 'ENGINE_NOT_CERTIFIED'; model: string; device: string }
  | { code: 'ENGINE_CONTEXT_EXCEEDED'; tokens: number; contextTokens: number }
  | { code: 'ENGINE_TOKEN_INVALID'; token: number; vocabTokens: number }
  | { code: 'ENGINE_SESSION_BUSY'; session: string }
  | { code: 'ENGINE_SLOTS_FULL'; model: string; sessionsMax: number }
  | { code: 'ENGINE_GRAMMAR_INVALID'; reason: string }
  /** One token of an ambiguous grammar took so long that other sessions would suffer. */
  | { code: 'ENGINE_GRAMMAR_TOO_SLOW'; tookMs: number; stepMsMax: number }
  | { code: 'ENGINE_DECODE_FAILED'; model: string; status: number }
  /** The process that held the session is gone. Open again with the tokens received so far. */
  | { code: 'ENGINE_WORKER_DIED'; device: string; exit: string; lines: string[] }
  /** It died too often in a short time; nothing starts it again but a person (or the next start of the node). */
  | { code: 'ENGINE_CRASH_LOOP'; device: string; deaths: number; lines: string[] }
  /** It died too often while this model was loaded, or alone was answering. Refused until the next start of the node. */
  | { code: 'ENGINE_MODEL_FATAL'; model: string; device: string; deaths: number; lines: string[] }
  | { code: 'ENGINE_TIMEOUT'; what: string; timeoutMs: number }
  | { code: 'ENGINE_CLOSED' };
