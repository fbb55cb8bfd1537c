/** Weights with a LoRA added: everything that is opened on them computes with it, and shares the base's own memory. */
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';
import { type LoraBase, type LoraHeader, readLoraHeader } from '../gguf/lora-header.ts';
import type { Weights } from './weights.ts';

export interface Lora {
  /** Those of the base, with it. Closing them is the base's owner's business, after this. */
  readonly weights: Weights;
  readonly header: LoraHeader;
  /** When nothing computes with it any more. */
  close(): Promise<void>;
}

/** @throws GGUF_*, LORA_*, ENGINE_LOAD_FAILED (the reason is in the library's log, which the supervisor adds) */
export async function openLora(
  weights: Weights,
  { model, path, base }: { model: string; path: string; base: LoraBase },
): Promise<Lora> {
  const header = await readLoraHeader(path, base);
  const lora = await weights.llama.loadLora(weights.pointer, path);
  if (lora === null) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_LOAD_FAILED', model, lines: [] },
      `llama.cpp could not load the LoRA ${path}.`,
    );
  }
  return {
    weights: { ...weights, lora, bytes: weights.bytes + header.tensorBytes },
    header,
    close: () => weights.llama.freeLora(lora),
  };
}
