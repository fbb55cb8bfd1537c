/** Who computed an answer, as the last event of its stream says. */
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';

export interface Served {
  /** Key of the node; null: the one that was asked. */
  node: string | null;
  tier: PrivacyTier;
  /** null: in fast mode. */
  numericClass: string | null;
}

const SERVED_MAX = 64;
const CHARACTERS_MAX = 128;

/** What is not in this form is left out. */
export function serversIn(value: unknown): Served[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, SERVED_MAX).flatMap((entry: unknown) => {
    const { node, tier: said, numeric_class: numericClass } = fieldsOf(entry);
    const tier = TIERS.find((known) => known === said);
    const isKey = typeof node === 'string' && /^[\w-]{43}$/.test(node);
    if (tier === undefined || (node !== null && !isKey)) return [];
    const isClass = typeof numericClass === 'string' && numericClass.length <= CHARACTERS_MAX;
    return [{ node: isKey ? node : null, tier, numericClass: isClass ? numericClass.toWellFormed() : null }];
  });
}

function fieldsOf(value: unknown): { node?: unknown; tier?: unknown; numeric_class?: unknown } {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
