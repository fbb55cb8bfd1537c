/** Cycles in a graph of imports, by files and by folders. */
import { posix } from 'node:path';
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

/** Folders import what their files import; a folder does not import itself. */
export function folderGraph(files: Graph): Graph {
  const folders = new Map<string, Set<string>>();
  for (const [file, targets] of files) {
    const folder = posix.dirname(file);
    const into = folders.get(folder) ?? new Set<string>();
    for (const target of targets) if (posix.dirname(target) !== folder) into.add(posix.dirname(target));
    folders.set(folder, into);
  }
  return folders;
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
