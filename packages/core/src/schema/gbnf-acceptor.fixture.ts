/**
 * For tests: reads GBNF from its text alone, tells whether a string belongs to the language, and writes random members
 * of it. Independent of the code that makes grammars.
 */
import { invariant } from '../errors.ts';

type Node =
  | { kind: 'letters'; letters: number[] }
  | { kind: 'class'; ranges: [number, number][] }
  | { kind: 'all'; nodes: Node[] }
  | { kind: 'any'; nodes: Node[] }
  | { kind: 'many'; node: Node; min: number; max: number }
  | { kind: 'name'; name: string };

export interface Language {
  accepts(text: string): boolean;
  /** A random member; `random` gives numbers from 0 to 1. */
  sample(random: () => number): string;
}

export function readGbnf(grammar: string): Language {
  const rules = new Map<string, Node>();
  for (const line of grammar.trimEnd().split('\n')) {
    const match = /^([a-zA-Z0-9-]+) ::= (.*)$/.exec(line);
    invariant(match?.[1] !== undefined && match[2] !== undefined, `a rule: ${line}`);
    invariant(!rules.has(match[1]), `one rule of the name ${match[1]}`);
    rules.set(match[1], parse([...match[2]]));
  }
  const ruleOf = (name: string): Node => {
    const node = rules.get(name);
    invariant(node !== undefined, `rule ${name} exists`);
    return node;
  };
  const heights = heightsOf(rules);
  return {
    accepts: (text) => accepts(ruleOf, text),
    sample: (random) => sample(ruleOf('root'), { ruleOf, heights, random }, 12),
  };
}

interface Cursor {
  readonly source: readonly string[];
  at: number;
}

function parse(source: readonly string[]): Node {
  const cursor: Cursor = { source, at: 0 };
  const whole = readAlternatives(cursor);
  invariant(cursor.at === source.length, 'nothing is left over');
  return whole;
}

function skipBlanks(cursor: Cursor): void {
  while (cursor.source[cursor.at] === ' ') cursor.at += 1;
}

function readLetter(cursor: Cursor): number {
  const first = cursor.source[cursor.at] ?? '';
  cursor.at += 1;
  if (first !== '\\') return first.codePointAt(0) ?? 0;
  const mark = cursor.source[cursor.at] ?? '';
  cursor.at += 1;
  const digits = { x: 2, u: 4, U: 8 }[mark];
  if (digits === undefined) {
    invariant('\\"[]-'.includes(mark), `the engine knows the escape ${mark}`);
    return mark.codePointAt(0) ?? 0;
  }
  const hex = cursor.source.slice(cursor.at, cursor.at + digits).join('');
  cursor.at += digits;
  return Number.parseInt(hex, 16);
}

function readAlternatives(cursor: Cursor): Node {
  const nodes = [readItems(cursor)];
  while (cursor.source[cursor.at] === '|') {
    cursor.at += 1;
    skipBlanks(cursor);
    nodes.push(readItems(cursor));
  }
  return nodes.length === 1 && nodes[0] !== undefined ? nodes[0] : { kind: 'any', nodes };
}

function readItems(cursor: Cursor): Node {
  const nodes: Node[] = [];
  for (;;) {
    const first = cursor.source[cursor.at];
    if (first === undefined || first === '|' || first === ')') break;
    nodes.push(readCount(cursor, readItem(cursor, first)));
    skipBlanks(cursor);
  }
  invariant(nodes.length > 0, 'an empty alternative is written ""');
  return { kind: 'all', nodes };
}

function readItem(cursor: Cursor, first: string): Node {
  if (first === '(') {
    cursor.at += 1;
    const inner = readAlternatives(cursor);
    invariant(cursor.source[cursor.at] === ')', 'a group closes');
    cursor.at += 1;
    return inner;
  }
  if (first === '"') {
    cursor.at += 1;
    const letters: number[] = [];
    while (cursor.source[cursor.at] !== '"') letters.push(readLetter(cursor));
    cursor.at += 1;
    return { kind: 'letters', letters };
  }
  if (first === '[') return readClass(cursor);
  const name = /^[a-zA-Z0-9-]+/.exec(cursor.source.slice(cursor.at).join(''))?.[0];
  invariant(
    name !== undefined,
    `something known at ${cursor.source.slice(cursor.at, cursor.at + 20).join('')}`,
  );
  cursor.at += name.length;
  return { kind: 'name', name };
}

function readClass(cursor: Cursor): Node {
  cursor.at += 1;
  invariant(cursor.source[cursor.at] !== '^', 'no negated classes');
  const ranges: [number, number][] = [];
  while (cursor.source[cursor.at] !== ']') {
    const from = readLetter(cursor);
    if (cursor.source[cursor.at] !== '-') {
      ranges.push([from, from]);
      continue;
    }
    cursor.at += 1;
    ranges.push([from, readLetter(cursor)]);
  }
  cursor.at += 1;
  return { kind: 'class', ranges };
}

function readCount(cursor: Cursor, node: Node): Node {
  const endless = Number.POSITIVE_INFINITY;
  const mark = { '?': [0, 1], '*': [0, endless], '+': [1, endless] }[cursor.source[cursor.at] ?? ''];
  if (mark !== undefined) {
    cursor.at += 1;
    return { kind: 'many', node, min: mark[0] ?? 0, max: mark[1] ?? 0 };
  }
  const match = /^\{(\d+)(,(\d*))?\}/.exec(cursor.source.slice(cursor.at).join(''));
  if (match === null) return node;
  cursor.at += match[0].length;
  const min = Number(match[1]);
  const max = match[2] === undefined ? min : match[3] === '' ? endless : Number(match[3]);
  invariant(min <= 2000 && (max <= 2000 || max === endless), 'a count that the engine takes');
  return { kind: 'many', node, min, max };
}

/** All places where a match of `node` that begins at one of `starts` can end. */
function accepts(ruleOf: (name: string) => Node, text: string): boolean {
  const letters = [...text].map((each) => each.codePointAt(0) ?? 0);
  const memo = new Map<string, ReadonlySet<number>>();
  const from = (node: Node, starts: ReadonlySet<number>): ReadonlySet<number> => {
    switch (node.kind) {
      case 'letters':
        return collect(starts, (at) =>
          node.letters.every((each, i) => letters[at + i] === each) ? [at + node.letters.length] : [],
        );
      case 'class':
        return collect(starts, (at) => {
          const here = letters[at];
          const inside = here !== undefined && node.ranges.some(([low, high]) => low <= here && here <= high);
          return inside ? [at + 1] : [];
        });
      case 'all':
        return node.nodes.reduce((places, part) => from(part, places), starts);
      case 'any':
        return new Set(node.nodes.flatMap((part) => [...from(part, starts)]));
      case 'many': {
        const ends = new Set<number>(node.min === 0 ? starts : []);
        let places: ReadonlySet<number> = starts;
        for (let count = 1; count <= node.max && places.size > 0; count++) {
          places = from(node.node, places);
          const before = ends.size;
          if (count >= node.min) for (const place of places) ends.add(place);
          if (count > node.min && ends.size === before) break;
        }
        return ends;
      }
      case 'name':
        return collect(starts, (at) => {
          const key = `${node.name}@${at}`;
          const ends = memo.get(key) ?? from(ruleOf(node.name), new Set([at]));
          memo.set(key, ends);
          return ends;
        });
    }
  };
  return from(ruleOf('root'), new Set([0])).has(letters.length);
}

function collect(starts: ReadonlySet<number>, ends: (at: number) => Iterable<number>): ReadonlySet<number> {
  const all = new Set<number>();
  for (const start of starts) for (const end of ends(start)) all.add(end);
  return all;
}

/** How deep the shallowest text of each rule nests. */
function heightsOf(rules: ReadonlyMap<string, Node>): ReadonlyMap<string, number> {
  const heights = new Map<string, number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, node] of rules) {
      const height = 1 + heightOf(node, heights);
      if (height >= (heights.get(name) ?? Number.POSITIVE_INFINITY)) continue;
      heights.set(name, height);
      changed = true;
    }
  }
  return heights;
}

function heightOf(node: Node, heights: ReadonlyMap<string, number>): number {
  if (node.kind === 'name') return heights.get(node.name) ?? Number.POSITIVE_INFINITY;
  if (node.kind === 'all') return Math.max(0, ...node.nodes.map((part) => heightOf(part, heights)));
  if (node.kind === 'any') return Math.min(...node.nodes.map((part) => heightOf(part, heights)));
  if (node.kind === 'many') return node.min === 0 ? 0 : heightOf(node.node, heights);
  return 0;
}

interface Sampling {
  ruleOf(name: string): Node;
  readonly heights: ReadonlyMap<string, number>;
  random(): number;
}

function sample(node: Node, context: Sampling, depth: number): string {
  const { heights, random } = context;
  const below = (count: number): number => Math.floor(random() * count);
  switch (node.kind) {
    case 'letters':
      return String.fromCodePoint(...node.letters);
    case 'class': {
      const [low, high] = node.ranges[below(node.ranges.length)] ?? [0, 0];
      return String.fromCodePoint(
        low + below(Math.min(high - low + 1, random() < 0.8 ? 100 : high - low + 1)),
      );
    }
    case 'all':
      return node.nodes.map((part) => sample(part, context, depth)).join('');
    case 'any': {
      const fitting = node.nodes.filter((part) => heightOf(part, heights) <= depth);
      const least = Math.min(...node.nodes.map((part) => heightOf(part, heights)));
      const options =
        fitting.length > 0 ? fitting : node.nodes.filter((part) => heightOf(part, heights) === least);
      const option = options[below(options.length)];
      invariant(option !== undefined, 'there is an alternative');
      return sample(option, context, depth);
    }
    case 'many': {
      const fits = heightOf(node.node, heights) <= depth;
      const extra = fits ? below(Math.min(node.max - node.min, 4) + 1) : 0;
      const full = fits && random() < 0.1 && node.max <= 100;
      const count = full ? node.max : node.min + extra;
      return Array.from({ length: count }, () => sample(node.node, context, depth - 1)).join('');
    }
    case 'name':
      return sample(context.ruleOf(node.name), context, depth - 1);
  }
}
