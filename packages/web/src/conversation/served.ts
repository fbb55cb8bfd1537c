/** Who computed an answer, as the last event of its stream says. */
import type { TokenPrice } from '@filon/core/serving/completion';
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';

export interface Served {
  /** Key of the node; null: the one that was asked. */
  node: string | null;
  tier: PrivacyTier;
  /** null: in fast mode. */
  numericClass: string | null;
  /** It passed the question on to an endpoint that is no node. */
  isUpstream: boolean;
  /** What it asked; null: nothing. */
  price: TokenPrice | null;
}

type Name = 'node' | 'tier' | 'numeric_class' | 'upstream' | 'price' | 'prompt_pico' | 'answer_pico';

const SERVED_MAX = 64;
const CHARACTERS_MAX = 128;

/** What is not in this form is left out. */
export function serversIn(value: unknown): Served[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, SERVED_MAX).flatMap((entry: unknown) => {
    const { node, tier: said, numeric_class: numericClass, upstream, price } = fieldsOf(entry);
    const tier = TIERS.find((known) => known === said);
    const isKey = typeof node === 'string' && /^[\w-]{43}$/.test(node);
    if (tier === undefined || (node !== null && !isKey)) return [];
    const isClass = typeof numericClass === 'string' && numericClass.length <= CHARACTERS_MAX;
    return [
      {
        ...{ node: isKey ? node : null, tier, isUpstream: upstream === true, price: priceIn(price) },
        numericClass: isClass ? numericClass.toWellFormed() : null,
      },
    ];
  });
}

function priceIn(value: unknown): TokenPrice | null {
  const { prompt_pico: promptPico, answer_pico: answerPico } = fieldsOf(value);
  return isAmount(promptPico) && isAmount(answerPico) ? { promptPico, answerPico } : null;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function fieldsOf(value: unknown): Readonly<Partial<Record<Name, unknown>>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
