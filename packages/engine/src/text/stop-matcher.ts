/**
 * Finds the first of many strings in a text that comes in parts, in constant time a UTF-16 unit: Aho and Corasick,
 * "Efficient string matching" (1975). At any time it also knows how much of the text's end may still become a match.
 */

export interface StopMatcher {
  /** Length of the longest end of the text so far that is the beginning of a string. */
  readonly pending: number;
  /**
   * Takes the next unit. Returns the length of the longest string that ends with it, 0 if none does. Not to be called
   * after a match.
   */
  next(unit: number): number;
}

/** A tree of the strings' beginnings. Node 0 is the empty one. */
interface Trie {
  children: Map<number, number>[];
  depths: number[];
  /** Longest string that ends at the node, as a suffix of its path. */
  matches: number[];
  /** Node of the longest proper suffix of the node's path that is in the tree. */
  fallbacks: number[];
}

function grow(strings: readonly string[]): Trie {
  const trie: Trie = { children: [new Map()], depths: [0], matches: [0], fallbacks: [0] };
  for (const string of strings) {
    let node = 0;
    for (let i = 0; i < string.length; i++) {
      const unit = string.charCodeAt(i);
      let child = trie.children[node]?.get(unit);
      if (child === undefined) {
        child = trie.children.push(new Map()) - 1;
        trie.children[node]?.set(unit, child);
        trie.depths.push(i + 1);
        trie.matches.push(0);
        trie.fallbacks.push(0);
      }
      node = child;
    }
    trie.matches[node] = string.length;
  }
  return trie;
}

function step(trie: Trie, from: number, unit: number): number {
  let node = from;
  for (;;) {
    const child = trie.children[node]?.get(unit);
    if (child !== undefined) return child;
    if (node === 0) return 0;
    node = trie.fallbacks[node] ?? 0;
  }
}

/** Fills in fallbacks and inherited matches, level by level. */
function link(trie: Trie): void {
  let level = [...(trie.children[0]?.values() ?? [])];
  while (level.length > 0) {
    const below: number[] = [];
    for (const node of level) {
      for (const [unit, child] of trie.children[node] ?? []) {
        const fallback = step(trie, trie.fallbacks[node] ?? 0, unit);
        trie.fallbacks[child] = fallback;
        if (trie.matches[child] === 0) trie.matches[child] = trie.matches[fallback] ?? 0;
        below.push(child);
      }
    }
    level = below;
  }
}

/** Empty strings are ignored. */
export function createStopMatcher(strings: readonly string[]): StopMatcher {
  const trie = grow(strings.filter((string) => string.length > 0));
  link(trie);
  let node = 0;
  return {
    get pending() {
      return trie.depths[node] ?? 0;
    },
    next(unit) {
      node = step(trie, node, unit);
      return trie.matches[node] ?? 0;
    },
  };
}
