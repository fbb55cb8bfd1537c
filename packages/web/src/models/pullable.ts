import { isSource, parseSource } from '@filon/core/model/source';

/** Whether the node could make something of it: a name of its catalogue, or a source in one of the known forms. */
export function isPullable(text: string, names: readonly string[]): boolean {
  if (!isSource(text)) return names.includes(text);
  try {
    parseSource(text);
    return true;
  } catch {
    return false;
  }
}
