/** What the scripted engine fails with: the codes of the real one (packages/engine, `errors.ts`) that tests need. */
export type ScriptedEngineErrorDetails =
  | { code: 'ENGINE_MODEL_NOT_LOADED'; model: string }
  | { code: 'ENGINE_CONTEXT_EXCEEDED'; tokens: number; contextTokens: number }
  | { code: 'ENGINE_TOKEN_INVALID'; token: number; vocabTokens: number }
  | { code: 'ENGINE_SESSION_BUSY'; session: string }
  | { code: 'ENGINE_SLOTS_FULL'; model: string; sessionsMax: number }
  | { code: 'ENGINE_WORKER_DIED'; device: string; exit: string; lines: string[] };
