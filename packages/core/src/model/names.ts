/** Names of models that have been pulled: how they are found, and how new ones are chosen. */
import { nameFromSource, type SourceAddress } from './source.ts';

const PREFIX_CHARACTERS_MIN = 4;

export interface NamedModel {
  name: string;
  source: string;
  sha256: string;
}

/** By name, by source, or by the beginning of the hash (4 digits at least) if only one content has it. */
export function findModel<M extends NamedModel>(models: readonly M[], name: string): M | null {
  const exact = models.find((model) => model.name === name) ?? models.find((model) => model.source === name);
  if (exact !== undefined) return exact;
  if (name.length < PREFIX_CHARACTERS_MIN || !/^[0-9a-f]+$/.test(name)) return null;
  const [first, ...others] = models.filter((model) => model.sha256.startsWith(name));
  return first !== undefined && others.every((other) => other.sha256 === first.sha256) ? first : null;
}

/** The file's own name, with a number when something of another source has it. */
export function freeName(
  address: SourceAddress,
  taken: readonly { name: string; source?: string }[],
): string {
  const base = nameFromSource(address);
  const isFree = (name: string): boolean =>
    taken.every((other) => other.name !== name || other.source === address.text);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base.slice(0, 58)}-${number}`;
    if (isFree(name)) return name;
  }
}
