/** Under which a base with a LoRA is known: another than either file's, and the same on every machine. */
import { createHash } from 'node:crypto';

/** Both sha256 in hex, and so is what comes of them. */
export function loraModelId(base: string, lora: string): string {
  return createHash('sha256').update(`filon lora 1\n${base}\n${lora}`).digest('hex');
}
