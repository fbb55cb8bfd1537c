/** What `certify` found out about one file on one device: kept by the node, needed for exact mode. */
import type { StageSettings } from '../stage/settings.ts';

/** Cache lengths at which rows are compared: below, at and far above the lengths where attention kernels switch. */
export const CERTIFIED_CACHE_TOKENS: readonly number[] = [256, 1024, 4096];

export interface CertifyRequest {
  /** As in a LoadSpec. */
  model: string;
  path: string;
  /** Certified with this LoRA: its matrices have kernels of their own. */
  loraPath?: string;
  /** Those that the model's context has no room for are left out. */
  cacheTokens: readonly number[];
  /** Whether to measure speeds as well, which takes as long again. */
  measure: boolean;
}

export interface Certificate {
  /** As in a LoadSpec. */
  model: string;
  device: string;
  /** The settings that held, or null when none did. */
  settings: StageSettings | null;
  /** Names engine version, kernels, threads and settings: equal classes, equal logits. */
  numericClass: string | null;
  /** What was compared: rows whose logits were the same, by cache length. */
  checks: CertificateCheck[];
  /** Tokens per second, for the settings that held and for fast mode, measured in turns; null: not measured. */
  speed: { exact: Speed; fast: Speed } | null;
}

/** Rows compared at each cache length, in every way of computing them. */
export const COMPARED_ROWS = 8;

export interface CertificateCheck {
  settings: string;
  /** Tokens in the cache when the rows were compared. */
  cacheTokens: number;
  /** Rows compared (0: the settings do not suit the model), and of these, rows that differed in any bit. */
  rows: number;
  differing: number;
}

export interface Speed {
  prefill: number;
  decodeOne: number;
  decodeEight: number;
}
