/**
 * Puts the budget of the present rendering before JavaScript's own functions that can multiply text: the template
 * engine calls them with whatever a template asks for (`replace`, `join`, `indent`, `tojson`), in one step each. Only
 * for a thread of its own: it changes the prototypes of the whole thread. Node itself keeps the original functions.
 */
import type { Budget } from './budget.ts';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** How much a call may write, known before it happens. */
type Estimate = (self: unknown, args: readonly unknown[]) => number;

const UNKNOWN_PART_CHARS = 16;
/** A list of single characters weighs this many times the text. */
const SPLIT_WEIGHT = 4;
/** JSON writes a character with up to six. */
const JSON_WEIGHT = 6;

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

const estimates: readonly [owner: object, name: string, estimate: Estimate][] = [
  [String.prototype, 'repeat', (self, [count]) => lengthOf(self) * Math.max(Number(count) || 0, 0)],
  [String.prototype, 'toUpperCase', (self) => lengthOf(self)],
  [String.prototype, 'toLowerCase', (self) => lengthOf(self)],
  [String.prototype, 'split', (self) => lengthOf(self) * SPLIT_WEIGHT],
  [String.prototype, 'matchAll', (self) => lengthOf(self) * SPLIT_WEIGHT],
  [String.prototype, 'replace', (self) => lengthOf(self)],
  [String.prototype, 'replaceAll', (self) => lengthOf(self)],
  [Array.prototype, 'join', joinedLength],
  [
    Array.prototype,
    'concat',
    (self, args) => [self, ...args].reduce((sum: number, part) => sum + itemsOf(part), 0),
  ],
  [Array, 'from', (_self, [source]) => lengthOf(source) * SPLIT_WEIGHT],
  [JSON, 'stringify', (_self, [value]) => lengthOf(value) * JSON_WEIGHT],
];

function itemsOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 1;
}

/** Lists within the list come back here by themselves. */
function joinedLength(self: unknown, [separator]: readonly unknown[]): number {
  if (!Array.isArray(self)) return 0;
  let sum = self.length * (typeof separator === 'string' ? separator.length : 1);
  for (const part of self) sum += typeof part === 'string' ? part.length : UNKNOWN_PART_CHARS;
  return sum;
}

/** `budget` gives the budget of the present rendering, null between renderings. */
export function boundBuiltins(budget: () => Budget | null): void {
  for (const [owner, name, estimate] of estimates) {
    const original = Reflect.get(owner, name) as Method;
    const bounded: Method = function (...args) {
      const present = budget();
      if (present === null) return Reflect.apply(original, this, args);
      present.write(estimate(this, args));
      return Reflect.apply(original, this, name.startsWith('replace') ? counted(args, present) : args);
    };
    Reflect.defineProperty(owner, name, { value: bounded, writable: true, configurable: true });
  }
}

/** A replacing function that counts what it puts in. */
function counted(args: readonly unknown[], budget: Budget): unknown[] {
  const [pattern, replacement] = args;
  if (typeof replacement !== 'function') return [...args];
  const counting: Method = function (...match) {
    const put = Reflect.apply(replacement, this, match) as unknown;
    budget.write(lengthOf(put));
    return put;
  };
  return [pattern, counting];
}
