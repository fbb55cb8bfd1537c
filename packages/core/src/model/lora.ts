/** A LoRA among the models: what it is called, and what is its own and what its base's. */
import { hasLoras, loraRefused, notHere } from './errors.ts';
import { findModel, freeName, type NamedModel } from './names.ts';
import { isSource, parseSource } from './source.ts';

const NAME = /^[a-z0-9][a-z0-9._-]*$/;
/** What announcements take. */
const WHOLE_NAME_CHARS_MAX = 128;

export interface LoraBase {
  name: string;
  /** Of its file. */
  sha256: string;
  bytes: number;
  architecture: string;
  quantization: string;
  parameters: number;
  trainedContextTokens: number;
  licence: string | null;
}

/**
 * `base:name`, under which people ask for it; without a name that of its source, with a number where another has it.
 * Codes: MODEL_LORA_REFUSED, MODEL_SOURCE_INVALID.
 */
export function loraName(
  source: string,
  { base, name, taken }: { base: string; name: string | null; taken: readonly NamedLora[] },
): string {
  if (!isSource(source)) {
    throw loraRefused(source, 'it must be a source, as file:/its/path or hf:owner/repo/file.gguf');
  }
  const address = parseSource(source);
  const beside = taken
    .filter((other) => other.name.startsWith(`${base}:`))
    .map((other) => ({ ...other, name: other.name.slice(base.length + 1) }));
  const chosen = name ?? freeName(address, beside);
  const charsMax = WHOLE_NAME_CHARS_MAX - base.length - 1;
  if (!NAME.test(chosen) || chosen.length > charsMax) {
    throw loraRefused(
      chosen,
      `its name must be of small letters, digits, dots and dashes, at most ${charsMax}; choose one with --as`,
    );
  }
  const other = beside.find((one) => one.name === chosen && one.source !== source);
  if (other === undefined) return `${base}:${chosen}`;
  throw loraRefused(
    chosen,
    `${base}:${chosen} is something else already; choose another name, or remove that first (filon rm ${base}:${chosen})`,
  );
}

interface NamedLora {
  name: string;
  source?: string;
}

export interface LoraFacts extends Omit<LoraBase, 'name' | 'sha256' | 'bytes'> {
  lora: { base: string; baseName: string; baseBytes: number; rank: number; trainedOn: string | null };
}

/** What a model has that is this LoRA on that base: both licences oblige. */
export function loraFacts(
  header: { parameters: number; licence: string | null; rank: number; baseName: string | null },
  base: LoraBase,
): LoraFacts {
  const { architecture, quantization, trainedContextTokens } = base;
  const isOne = header.licence === base.licence;
  return {
    ...{ architecture, quantization, trainedContextTokens },
    parameters: base.parameters + header.parameters,
    licence: isOne ? base.licence : `${header.licence ?? 'unknown'}, base: ${base.licence ?? 'unknown'}`,
    lora: {
      ...{ base: base.sha256, baseName: base.name, baseBytes: base.bytes },
      ...{ rank: header.rank, trainedOn: header.baseName },
    },
  };
}

interface StoredHere extends NamedModel {
  lora?: { base: string };
}

/** The model that a LoRA is to be added to. Codes: MODEL_NOT_HERE, MODEL_LORA_REFUSED. */
export function loraBase<M extends StoredHere>(stored: readonly M[], name: string): M {
  const base = findModel(stored, name);
  if (base === null) throw notHere(name);
  if (base.lora === undefined) return base;
  throw loraRefused(base.name, 'it is a LoRA itself; give the base of both with --base');
}

/** Codes: MODEL_HAS_LORAS, where this is the last name of a base that LoRAs need. */
export function checkNoLoras(leaving: StoredHere, stored: readonly StoredHere[]): void {
  const others = stored.filter(({ name }) => name !== leaving.name);
  if (others.some(({ sha256 }) => sha256 === leaving.sha256)) return;
  const loras = others.filter(({ lora }) => lora?.base === leaving.sha256).map(({ name }) => name);
  if (loras.length > 0) throw hasLoras(leaving.name, loras);
}
