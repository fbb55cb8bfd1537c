/** What must hold of a finished grammar before native code sees it. */
import { invariant } from '../errors.ts';
import type { Expr, Rules } from './gbnf.ts';
import { ELEMENTS_MAX, RULES_MAX } from './limits.ts';
import { invalid, overLimit } from './refuse.ts';

/** Errors: SCHEMA_LIMIT when too large, SCHEMA_INVALID when some part can never end. */
export function checkGrammar(rules: Rules): void {
  if (rules.size > RULES_MAX) throw overLimit('', 'the number of grammar rules', RULES_MAX);
  let elements = 0;
  for (const expr of rules.values()) elements += elementsOf(expr);
  if (elements > ELEMENTS_MAX) throw overLimit('', 'the number of grammar elements', ELEMENTS_MAX);
  const ending = endingRules(rules);
  if (ending.size < rules.size) {
    throw invalid('', 'some part of it requires itself, so that no finite value satisfies it');
  }
}

/** How many elements the engine's parser makes of an expression. */
function elementsOf(expr: Expr): number {
  switch (expr.kind) {
    case 'text':
      return expr.text.length;
    case 'chars':
      return 2 * expr.ranges.length;
    case 'rule':
      return 1;
    case 'sequence':
      return expr.parts.reduce((sum, part) => sum + elementsOf(part), 1);
    case 'choice':
      return expr.options.reduce((sum, option) => sum + elementsOf(option), 1);
    case 'repeat': {
      const unit = elementsOf(expr.of);
      const optionalUnits = expr.max === null ? 1 : expr.max - expr.min;
      return expr.min * unit + optionalUnits * (unit + 3) + 1;
    }
  }
}

/** Rules that derive at least one finite text, by growing the set until it stands still. */
function endingRules(rules: Rules): ReadonlySet<string> {
  const ending = new Set<string>();
  const ends = (expr: Expr): boolean => {
    switch (expr.kind) {
      case 'rule':
        invariant(rules.has(expr.name), `rule ${expr.name} is defined`);
        return ending.has(expr.name);
      case 'sequence':
        return expr.parts.every(ends);
      case 'choice':
        return expr.options.some(ends);
      case 'repeat':
        return expr.min === 0 || ends(expr.of);
      default:
        return true;
    }
  };
  for (let before = -1; before < ending.size; ) {
    before = ending.size;
    for (const [name, expr] of rules) if (!ending.has(name) && ends(expr)) ending.add(name);
  }
  return ending;
}
