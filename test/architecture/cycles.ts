/** Cycles in a graph of imports, by files and by folders. */
import { type Module, resolveSpecifier } from './modules.ts';

export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

export function fileGraph(modules: readonly Module[]): Graph {
  const known = new Set(modules.map(({ path }) => path));
  return new Map(
    modules.map(({ path, specifiers }) => {
      const targets = specifiers.map((specifier) => resolveSpecifier(path, specifier));
      return [path, new Set(targets.filter((target) => target !== null && known.has(target)) as string[])];
    }),
  );
}

/**
 * Level by level: what stands side by side in one folder, where a folder stands for all that is in it. An import counts
 * at the level where its two ends part.
 */
export function levelGraph(files: Graph): Graph {
  const levels = new Map<string, Set<string>>();
  for (const [file, targets] of files) {
    for (const target of targets) {
      const [from, to] = whereTheyPart(file.split('/'), target.split('/'));
      levels.set(from, (levels.get(from) ?? new Set<string>()).add(to));
    }
  }
  return levels;
}

function whereTheyPart(from: readonly string[], to: readonly string[]): [string, string] {
  const shared = from.findIndex((part, index) => part !== to[index]);
  return [from.slice(0, shared + 1).join('/'), to.slice(0, shared + 1).join('/')];
}

/** One shortest cycle for each node that lies on one, each cycle once, as `a -> b -> a`. */
export function cyclesIn(graph: Graph): string[] {
  const cycles = new Map<string, string>();
  for (const start of graph.keys()) {
    const path = shortestReturn(graph, start);
    const key = path?.toSorted().join() ?? '';
    if (path && !cycles.has(key)) cycles.set(key, [...path, start].join(' -> '));
  }
  return [...cycles.values()];
}

function shortestReturn(graph: Graph, start: string): string[] | null {
  const reached = new Map<string, string[]>([[start, [start]]]);
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const path = reached.get(node) ?? [];
    for (const next of graph.get(node) ?? []) {
      if (next === start) return path;
      if (reached.has(next)) continue;
      reached.set(next, [...path, next]);
      queue.push(next);
    }
  }
  return null;
}
