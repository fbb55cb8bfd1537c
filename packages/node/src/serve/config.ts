/** What serving can be told. The node's settings are in config/settings.ts; `main.ts` turns those into these. */
export interface ServingConfig {
  /** `exact`: the same bytes whatever happens; needs settings certified for this model and device. */
  mode: 'fast' | 'exact';
  /** Where models are loaded; null: the engine's first choice. */
  device: string | null;
  /** Tokens that one session may hold; a model trained for less gets less. */
  contextTokens: number;
  /** Answers that one model computes at the same time. */
  sessionsMax: number;
  /** Requests that wait for a slot, over all models. */
  queueMax: number;
  /** How long one of them waits. */
  queueWaitMs: number;
  /** Models in memory at the same time; a base and its LoRAs are one. */
  modelsLoadedMax: number;
  /** How long an unused model stays in memory; null: until another one needs the room. */
  keepAliveMs: number | null;
  /** How long running answers may go on after a stop was asked for. */
  stopMs: number;
}

export const DEFAULT_SERVING: ServingConfig = {
  mode: 'fast',
  device: null,
  contextTokens: 8192,
  sessionsMax: 8,
  queueMax: 64,
  queueWaitMs: 300_000,
  modelsLoadedMax: 1,
  keepAliveMs: null,
  stopMs: 10_000,
};
