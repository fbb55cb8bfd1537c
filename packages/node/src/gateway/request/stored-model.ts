/** The stored model that a request is about. */
import { FilonError } from '@filon/core/errors';
import type { ServedModel } from '../../serve/serving.ts';

/** By name or hash. Codes: SERVE_MODEL_UNKNOWN. */
export function storedModel(stored: readonly ServedModel[], name: string): ServedModel {
  const found = stored.find((model) => model.name === name || model.sha256 === name);
  if (found) return found;
  const message = `there is no model '${name}' on this node`;
  throw new FilonError({ code: 'SERVE_MODEL_UNKNOWN', model: name }, message);
}
