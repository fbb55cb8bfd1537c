/** Where added backends keep their libraries: `backends/NAME/node_modules/@SCOPE/PACKAGE/bins/SET` in the home. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HomePaths } from './paths.ts';

/** Sorted, so that a package comes before the one that extends it. Empty when nothing was added. */
export function libraryFolders(paths: HomePaths): string[] {
  const packages = below(paths.backends)
    .filter((folder) => !folder.endsWith('.new'))
    .flatMap((backend) => below(join(backend, 'node_modules')))
    .flatMap((scope) => below(scope));
  return packages.flatMap((folder) => below(join(folder, 'bins')));
}

function below(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}
