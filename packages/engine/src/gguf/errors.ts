/** What can be wrong with a model file, as found in its header. Every code is refused before native code sees the file. */
import { FilonError } from '@filon/core/errors';

export type GgufErrorDetails =
  /** The file does not begin with the letters GGUF. `firstBytes` is hex. */
  | { code: 'GGUF_NOT_GGUF'; file: string; firstBytes: string }
  /** A version other than 2 and 3, or the other byte order. */
  | { code: 'GGUF_VERSION'; file: string; version: number }
  /** `part` would end at `neededBytes`, behind the end of the file. */
  | { code: 'GGUF_TRUNCATED'; file: string; part: string; neededBytes: number; fileBytes: number }
  /** A count or a length over a named limit of `GGUF_LIMITS`. */
  | { code: 'GGUF_LIMIT'; file: string; limit: string; value: number; max: number }
  /** A value that no correct file has. */
  | { code: 'GGUF_CORRUPT'; file: string; part: string; reason: string }
  /** One of several parts of a model: a model must be one file. */
  | { code: 'GGUF_SPLIT'; file: string; parts: number }
  /** A GGUF file of another kind: a LoRA, a projector. */
  | { code: 'GGUF_NOT_A_MODEL'; file: string; kind: string }
  /** Asked for as a LoRA, and of another kind: a whole model, say. */
  | { code: 'GGUF_NOT_A_LORA'; file: string; kind: string }
  /** A LoRA that was made for another model than the one it was given: `reason` says what does not fit. */
  | { code: 'LORA_BASE_MISMATCH'; file: string; reason: string }
  /** A correct LoRA that the engine would compute wrongly or not at all. */
  | { code: 'LORA_UNSUPPORTED'; file: string; reason: string }
  /** The operating system would not let us read it. */
  | { code: 'GGUF_UNREADABLE'; file: string; reason: string }
  /** The engine cannot serve this architecture. */
  | { code: 'MODEL_ARCHITECTURE_UNSUPPORTED'; file: string; architecture: string; reason: string };

export function notGguf(file: string, firstBytes: string): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_NOT_GGUF', file, firstBytes },
    `${file} is not a GGUF model: it begins with bytes ${firstBytes || '(none)'}, not 47475546; choose a .gguf file`,
  );
}

export function unsupportedVersion(file: string, version: number): FilonError<GgufErrorDetails> {
  const why =
    (version & 0xffff) === 0
      ? 'it was written for machines with the other byte order'
      : `its GGUF version is ${version}, and versions 2 and 3 are known`;
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_VERSION', file, version },
    `${file} cannot be read: ${why}; convert it again with a current tool`,
  );
}

export function truncated(
  file: string,
  part: string,
  sizes: { neededBytes: number; fileBytes: number },
): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_TRUNCATED', file, part, ...sizes },
    `${file} is cut off: ${part} ends at byte ${sizes.neededBytes}, but the file has ${sizes.fileBytes} bytes; get it again`,
  );
}

export function overLimit(
  file: string,
  limit: string,
  sizes: { value: number; max: number },
): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_LIMIT', file, limit, ...sizes },
    `${file} is refused: ${limit} is ${sizes.value}, and at most ${sizes.max} is allowed; the file is damaged or hostile`,
  );
}

export function corrupt(file: string, part: string, reason: string): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_CORRUPT', file, part, reason },
    `${file} is damaged: ${part} ${reason}; get it again`,
  );
}

export function splitModel(file: string, parts: number): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_SPLIT', file, parts },
    `${file} is one of ${parts} parts; choose a model in one file, or join the parts with llama-gguf-split --merge`,
  );
}

export function notModel(file: string, kind: string): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_NOT_A_MODEL', file, kind },
    kind === 'adapter'
      ? `${file} is a LoRA, no model on its own; pull it with --base MODEL, the model that it was trained on`
      : `${file} says that it is of kind "${kind}", so it is no model on its own; choose the model's own file`,
  );
}

export function notLora(file: string, kind: string): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'GGUF_NOT_A_LORA', file, kind },
    `${file} is no LoRA but of kind "${kind}"; choose a LoRA in GGUF (general.type adapter, adapter.type lora), or pull it without --base`,
  );
}

export function loraMismatch(file: string, reason: string): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'LORA_BASE_MISMATCH', file, reason },
    `${file} was not made for this model: ${reason}; give the model that it was trained on with --base`,
  );
}

export function loraUnsupported(file: string, reason: string): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'LORA_UNSUPPORTED', file, reason },
    `${file} cannot be served: ${reason}; merge it into its model, or choose another LoRA`,
  );
}

export function unsupportedArchitecture(
  file: string,
  architecture: string,
  reason: string,
): FilonError<GgufErrorDetails> {
  return new FilonError<GgufErrorDetails>(
    { code: 'MODEL_ARCHITECTURE_UNSUPPORTED', file, architecture, reason },
    `${file} has architecture "${architecture}", which ${reason}; choose another model (filon ls --all lists some)`,
  );
}
