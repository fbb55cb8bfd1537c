/** Where the weights of a model are: a LoRA's are its base's, with its own file added. */
import type { LoadSpec } from '@filon/core/serving/session';
import type { StoredModel } from '../ports/models.ts';

export function filesOf({ sha256, path, lora }: StoredModel): Pick<LoadSpec, 'model' | 'path' | 'loraPath'> {
  if (lora === undefined) return { model: sha256, path };
  return { model: sha256, path: lora.basePath, loraPath: path };
}

/** sha256 of the file whose weights it is computed with; models that have it in common have them in memory once. */
export function weightsOf({ sha256, lora }: StoredModel): string {
  return lora?.base ?? sha256;
}
