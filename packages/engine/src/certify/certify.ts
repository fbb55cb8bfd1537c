/**
 * Finds settings under which a row's logits have the same bits whatever is computed with it, and proves them on this
 * machine: by comparison, for this file, device and library, at the cache lengths where kernels change their ways.
 */
import { createHash } from 'node:crypto';
import { isFilonError } from '@filon/core/errors';
import type { DeviceHost } from '../device/device-host.ts';
import { ENGINE_PIN } from '../ffi/library-set.ts';
import { readGgufHeader } from '../gguf/header.ts';
import type { LoraBase } from '../gguf/lora-header.ts';
import { openLora } from '../stage/lora.ts';
import { EXACT_CANDIDATES, type StageSettings, settingsName } from '../stage/settings.ts';
import { openWeights, type Weights, type WeightsSpec } from '../stage/weights.ts';
import {
  type Certificate,
  type CertificateCheck,
  type CertifyRequest,
  COMPARED_ROWS,
} from './certificate.ts';
import { compareRows } from './compare-rows.ts';
import { measureSpeeds } from './measure-speeds.ts';

export interface CertifyOptions {
  signal: AbortSignal;
  onProgress: (share: number) => void;
}

/** Codes: GGUF_*, LORA_*, ENGINE_LOAD_FAILED, ENGINE_MEMORY. Takes minutes on a large model; aborts between two comparisons. */
export async function certify(
  { model, path, loraPath, cacheTokens, measure }: CertifyRequest,
  host: DeviceHost,
  { signal, onProgress }: CertifyOptions,
): Promise<Certificate> {
  const header = await readGgufHeader(path, { signal });
  const fitting = cacheTokens.filter((tokens) => tokens + COMPARED_ROWS < header.contextTokens);
  // A model with less room is certified at what it has: nothing is certified without a comparison.
  const lengths = fitting.length > 0 ? fitting : [header.contextTokens - COMPARED_ROWS - 1];
  const checks: CertificateCheck[] = [];
  const held: Certificate = {
    model,
    device: host.device.id,
    settings: null,
    numericClass: null,
    checks,
    speed: null,
  };
  // Short caches fail quickest: most candidates that fail do so at the first length.
  const planned = lengths.reduce((sum, tokens) => sum + tokens, 0);
  let opened: OpenedWeights | null = null;
  let repacked: boolean | null = null;
  try {
    for (const settings of EXACT_CANDIDATES) {
      if (opened === null || repacked !== settings.extraBuffers) {
        await opened?.close();
        opened = null;
        const { extraBuffers } = settings;
        opened = await open({ model, path, loraPath, extraBuffers, base: header }, host);
        repacked = extraBuffers;
      }
      const { weights } = opened;
      let done = 0;
      let same = true;
      for (const length of lengths) {
        signal.throwIfAborted();
        const compared = await compareRows(weights, { settings, cacheTokens: length }, host).catch(
          unsuitable,
        );
        checks.push({ settings: settingsName(settings), cacheTokens: length, ...compared });
        done += length;
        onProgress((0.8 * done) / planned);
        same = compared.rows > 0 && compared.differing === 0;
        if (!same) break;
      }
      if (!same) continue;
      held.settings = settings;
      held.numericClass = numericClass(model, settings, host);
      if (measure) held.speed = await measureSpeeds(weights, settings, host, { signal });
      break;
    }
  } finally {
    await opened?.close();
  }
  onProgress(1);
  return held;
}

interface OpenedWeights {
  weights: Weights;
  close(): Promise<void>;
}

async function open(
  { loraPath, base, ...spec }: WeightsSpec & { loraPath: string | undefined; base: LoraBase },
  host: DeviceHost,
): Promise<OpenedWeights> {
  const weights = await openWeights(host.llama, spec, host);
  if (loraPath === undefined) return { weights, close: async () => weights.close() };
  try {
    const lora = await openLora(weights, { model: spec.model, path: loraPath, base });
    return { weights: lora.weights, close: () => lora.close().finally(weights.close) };
  } catch (error) {
    weights.close();
    throw error;
  }
}

/** Settings under which there is no context are a finding, not a failure. */
function unsuitable(error: unknown): { rows: number; differing: number } {
  if (isFilonError(error, 'ENGINE_CONTEXT_REFUSED')) return { rows: 0, differing: 0 };
  throw error;
}

/**
 * The name under which equal logits are promised: a digest of everything that they depend on, with the readable parts in
 * front.
 */
export function numericClass(
  model: string,
  settings: StageSettings,
  { backends, device, threads }: DeviceHost,
): string {
  const kernels = device.backend === 'cpu' ? backends.cpuKernels : `${device.name}`;
  const parts = [
    ENGINE_PIN.llama,
    ENGINE_PIN.package,
    device.backend,
    kernels,
    settingsName(settings),
    // Kernels divide their sums and tiles by it, and rows are compared with this one number only.
    threads,
    model,
  ];
  const digest = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
  return `${device.backend}-${kernels}.${settingsName(settings)}.${digest}`;
}
