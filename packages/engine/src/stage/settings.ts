/**
 * How a context computes. Fast settings are the quickest; exact ones make a row's logits independent of what else is
 * computed with it, which must be certified for each (file, device).
 */
import type { FLASH_ATTENTION } from '../ffi/llama.ts';

export interface StageSettings {
  /** Type of the KV cache. */
  cacheType: 'f16' | 'bf16' | 'q8_0';
  flashAttention: keyof typeof FLASH_ATTENTION;
  /** One pool of cells for all sequences; otherwise each sequence has its own and the context is divided. */
  unified: boolean;
  /** Tokens in one batch at most. */
  rowsMax: number;
  /** Weights in the layout of the fastest kernels. */
  extraBuffers: boolean;
}

export const FAST_SETTINGS: StageSettings = {
  cacheType: 'f16',
  flashAttention: 'auto',
  unified: true,
  rowsMax: 512,
  extraBuffers: true,
};

/** Tried in this order by `certify`, quickest first; the first that holds is kept. */
export const EXACT_CANDIDATES: readonly StageSettings[] = [
  { cacheType: 'bf16', flashAttention: 'on', unified: false, rowsMax: 512, extraBuffers: true },
  { cacheType: 'bf16', flashAttention: 'on', unified: false, rowsMax: 64, extraBuffers: true },
  { cacheType: 'q8_0', flashAttention: 'on', unified: false, rowsMax: 32, extraBuffers: true },
  { cacheType: 'bf16', flashAttention: 'on', unified: false, rowsMax: 64, extraBuffers: false },
  { cacheType: 'bf16', flashAttention: 'on', unified: false, rowsMax: 1, extraBuffers: false },
];

/** One line that names the settings in logs, certificates and numeric classes. */
export function settingsName(settings: StageSettings): string {
  const { cacheType, flashAttention, unified, rowsMax, extraBuffers } = settings;
  return [
    cacheType,
    `fa-${flashAttention}`,
    unified ? 'unified' : 'streams',
    `rows-${rowsMax}`,
    extraBuffers ? 'repacked' : 'plain',
  ].join('.');
}
