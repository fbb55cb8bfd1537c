/**
 * Collects the rules of one grammar and writes it out in the form that llama.cpp's parser takes: repeated groups get
 * rules of their own, and long counted repetitions are cut into blocks, because the parser multiplies the counts of
 * nested groups, refuses more than 2,000 and silently drops an upper bound beyond that.
 */
import { BASE_RULES } from './base-rules.ts';
import {
  choice,
  type Expr,
  NOTHING,
  printExpr,
  printRules,
  type Rules,
  repeat,
  rule,
  sequence,
} from './gbnf.ts';
import { checkGrammar } from './grammar-check.ts';
import { GRAMMAR_BYTES_MAX, RULES_MAX } from './limits.ts';
import { overLimit } from './refuse.ts';

const BLOCK = 1_000;

export interface GrammarBuilder {
  /** A name for a rule that is set later, so that rules can refer to themselves. */
  reserve(prefix: string): string;
  set(name: string, expr: Expr): void;
  /** Defines a rule and returns the reference to it. */
  define(prefix: string, expr: Expr): Expr;
  /** The whole grammar. Errors: SCHEMA_LIMIT, SCHEMA_INVALID. */
  finish(root: Expr): string;
}

export function createGrammarBuilder(): GrammarBuilder {
  const rules: Rules = new Map();
  let names = 0;

  const reserve = (prefix: string): string => {
    names += 1;
    if (names > RULES_MAX) throw overLimit('', 'the number of grammar rules', RULES_MAX);
    return `${prefix}-${names}`;
  };
  const set = (name: string, expr: Expr): void => {
    rules.set(name, expr);
  };
  const define = (prefix: string, expr: Expr): Expr => {
    const name = reserve(prefix);
    set(name, expr);
    return rule(name);
  };
  return {
    reserve,
    set,
    define,
    finish(root) {
      const all = lower(withBaseRules(new Map([['root', root], ...rules])), reserve);
      checkGrammar(all);
      const printed = printRules(all);
      if (printed.length > GRAMMAR_BYTES_MAX) throw overLimit('', 'the grammar in bytes', GRAMMAR_BYTES_MAX);
      return printed;
    },
  };
}

/** Adds the shared rules that are referred to, directly or by each other. */
function withBaseRules(rules: Rules): Rules {
  const all: Rules = new Map(rules);
  const visit = (expr: Expr): void => {
    if (expr.kind === 'sequence') expr.parts.forEach(visit);
    if (expr.kind === 'choice') expr.options.forEach(visit);
    if (expr.kind === 'repeat') visit(expr.of);
    if (expr.kind !== 'rule' || all.has(expr.name)) return;
    const base = BASE_RULES.get(expr.name);
    if (base === undefined) return;
    all.set(expr.name, base);
    visit(base);
  };
  for (const expr of rules.values()) visit(expr);
  return all;
}

function lower(rules: Rules, reserve: (prefix: string) => string): Rules {
  const lowered: Rules = new Map();
  const known = new Map<string, Expr>();
  const define = (expr: Expr): Expr => {
    const printed = printExpr(expr);
    const before = known.get(printed);
    if (before !== undefined) return before;
    const name = reserve('x');
    known.set(printed, rule(name));
    lowered.set(name, expr);
    return rule(name);
  };
  const lowerExpr = (expr: Expr): Expr => {
    switch (expr.kind) {
      case 'sequence':
        return sequence(...expr.parts.map(lowerExpr));
      case 'choice':
        return choice(...expr.options.map(lowerExpr));
      case 'repeat': {
        const of = lowerExpr(expr.of);
        const atom = of.kind === 'sequence' || of.kind === 'choice' ? define(of) : of;
        return lowerRepeat(atom, expr, define);
      }
      default:
        return expr;
    }
  };
  for (const [name, expr] of rules) lowered.set(name, lowerExpr(expr));
  return lowered;
}

interface Counts {
  readonly min: number;
  readonly max: number | null;
}

function lowerRepeat(atom: Expr, { min, max }: Counts, define: (expr: Expr) => Expr): Expr {
  if ((max ?? min) <= BLOCK) return repeat(atom, min, max);
  const unit = atom.kind === 'rule' ? atom : define(atom);
  const block = define(repeat(unit, BLOCK));
  const whole = Math.floor(min / BLOCK);
  const head = sequence(
    whole === 0 ? NOTHING : repeat(block, whole),
    min % BLOCK === 0 ? NOTHING : repeat(unit, min % BLOCK),
  );
  if (max === null) return sequence(head, repeat(unit, 0, null));
  const partOfBlock = define(repeat(unit, 0, BLOCK - 1));
  let rest = max - min;
  let tail = rest % BLOCK === 0 ? NOTHING : define(repeat(unit, 0, rest % BLOCK));
  // Either a whole block and what may follow it, or less than a block: each text in one way only.
  for (rest -= rest % BLOCK; rest > 0; rest -= BLOCK) {
    tail = define(choice(sequence(block, tail), partOfBlock));
  }
  return sequence(head, tail);
}
