/** Arrays. Where `items` is absent, an array with `prefixItems` has no others; one without has any. */
import { bracketed, COMMA } from './base-rules.ts';
import { countOf } from './facts.ts';
import { type Expr, NOTHING, optional, repeat, rule, sequence } from './gbnf.ts';
import { below, type Located } from './json.ts';
import { COUNT_MAX } from './limits.ts';
import { invalid, overLimit, unsupported } from './refuse.ts';
import type { TypedShape } from './shape.ts';

export function arrayRule(shape: TypedShape, ruleFor: (located: Located) => Expr): Expr {
  const { facts, pointer } = shape;
  const prefix = prefixOf(shape);
  const rest = restOf(shape);
  const min = countOf(facts, 'minItems') ?? 0;
  const most = countOf(facts, 'maxItems');
  if (Math.max(min, most ?? 0) > COUNT_MAX) throw overLimit(pointer, 'the number of items', COUNT_MAX);
  const room = rest === null ? prefix.length : Number.POSITIVE_INFINITY;
  const max = Math.min(most ?? Number.POSITIVE_INFINITY, room);
  if (min > max) throw invalid(pointer, `an array needs ${min} items but may have only ${max}`);
  if (prefix.length === 0 && rest?.schema === true && min === 0 && most === null) return rule('array');
  if (max === 0) return bracketed('[', null, { emptyAllowed: true, close: ']' });

  const fixed = prefix.slice(0, max).map(ruleFor);
  const open = rest === null || max <= fixed.length ? null : ruleFor(rest);
  // From the last fixed item to the first; each but the first has its comma before it.
  let items = open === null ? NOTHING : restItems(open, { min, max, before: fixed.length });
  for (const [i, item] of [...fixed.entries()].reverse()) {
    const here = sequence(i === 0 ? NOTHING : COMMA, item, items);
    items = i === 0 || i < min ? here : optional(here);
  }
  return bracketed('[', items, { emptyAllowed: min === 0, close: ']' });
}

/** Items that follow `before` others; the very first item of an array is always there and has no comma. */
function restItems(item: Expr, { min, max, before }: { min: number; max: number; before: number }): Expr {
  const written = Math.max(before, 1);
  const least = Math.max(min - written, 0);
  const most = max === Number.POSITIVE_INFINITY ? null : max - written;
  const more = repeat(sequence(COMMA, item), least, most);
  return before === 0 ? sequence(item, more) : more;
}

function prefixOf({ facts, pointer }: TypedShape): readonly Located[] {
  const fact = facts.get('prefixItems');
  if (fact === undefined) return [];
  if (!Array.isArray(fact.schema)) throw invalid(pointer, '"prefixItems" must be a list of schemas');
  const at = below(fact.pointer, 'prefixItems');
  return fact.schema.map((schema: unknown, i) => ({ schema, pointer: below(at, i) }));
}

/** The schema of items after the prefix; null where there may be none. */
function restOf({ facts }: TypedShape): Located | null {
  const fact = facts.get('items');
  if (fact === undefined) return facts.has('prefixItems') ? null : { schema: true, pointer: '' };
  if (Array.isArray(fact.schema))
    throw unsupported(fact.pointer, 'items', 'For a list of schemas use prefixItems');
  return fact.schema === false ? null : { schema: fact.schema, pointer: below(fact.pointer, 'items') };
}
