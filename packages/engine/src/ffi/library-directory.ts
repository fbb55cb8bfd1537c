/** Where the native libraries are. Loads nothing, so that the node's own process may ask. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { EngineErrorDetails } from '../errors.ts';

const PACKAGES: Record<string, string> = {
  'linux-x64': '@node-llama-cpp/linux-x64-vulkan',
  'linux-arm64': '@node-llama-cpp/linux-arm64',
};

/**
 * The directory of the base set for this platform.
 * @param extraDirectories directories of added sets (`filon backend add`); the first that exists wins
 * @throws ENGINE_LIBRARY_MISSING
 */
export function findLibraryDirectory(extraDirectories: readonly string[]): string {
  const platform = `${process.platform}-${process.arch}`;
  const tried = [...extraDirectories];
  for (const directory of extraDirectories) if (listLibraries(directory).length > 0) return directory;
  const name = PACKAGES[platform];
  if (name !== undefined) {
    tried.push(name);
    const directory = packageDirectory(name);
    if (directory !== null) return directory;
  }
  const advice =
    name === undefined ? 'This platform is not supported yet.' : 'Delete node_modules and run ./filon up.';
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_LIBRARY_MISSING', platform, tried },
    `no engine library found for ${platform}. ${advice}`,
  );
}

/** By hand over the module paths: the packages export neither their package.json nor their libraries. */
function packageDirectory(name: string): string | null {
  for (const modules of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const bins = join(modules, name, 'bins');
    const [set] = listNames(bins);
    if (set !== undefined) return join(bins, set);
  }
  return null;
}

export function listLibraries(directory: string): string[] {
  return listNames(directory).filter((name) => name.startsWith('lib'));
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
