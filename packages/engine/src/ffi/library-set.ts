/**
 * Where the native libraries are, and whether they are the ones that this code was written for.
 *
 * The libraries come prebuilt inside npm packages, one directory a backend set. llama.cpp's struct layouts change between
 * versions without notice, so a set is used only if it reports the pinned version.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import koffi, { type LibraryHandle } from 'koffi';
import type { EngineErrorDetails } from '../errors.ts';

/** Package version, and the version of llama.cpp that it carries. */
export const ENGINE_PIN = { package: '3.22.1', llama: '0.5.0-dev' } as const;

/** Stack of a decode on a pool thread: building the graph of a large model needs more than koffi's 128 KiB. */
const ASYNC_STACK_BYTES = 4 * 1024 * 1024;

const PACKAGES: Record<string, string> = {
  'linux-x64': '@node-llama-cpp/linux-x64-vulkan',
  'linux-arm64': '@node-llama-cpp/linux-arm64',
};

export interface LibrarySet {
  directory: string;
  base: LibraryHandle;
  ggml: LibraryHandle;
  llama: LibraryHandle;
}

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

/** Opens base, ggml and llama of one directory, in the order of their dependencies, and checks the version. */
export function openLibrarySet(directory: string): LibrarySet {
  koffi.config({ ...koffi.config(), async_stack_size: ASYNC_STACK_BYTES, resident_async_pools: 1 });
  const names = listLibraries(directory);
  const open = (pattern: RegExp): LibraryHandle => {
    const name = names.find((candidate) => pattern.test(candidate));
    if (name === undefined) throw missing(directory, pattern.source);
    try {
      return koffi.load(join(directory, name));
    } catch (error) {
      throw missing(directory, messageOf(error));
    }
  };
  const base = open(/^libggml-base\.(so|dylib)$/);
  const ggml = open(/^libggml\.[^-]*(so|dylib)$/);
  const llama = open(/^libllama\.[^-]*(so|dylib)$/);
  const found = String(llama.func('const char *llama_version()')());
  if (found !== ENGINE_PIN.llama) {
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_VERSION_MISMATCH', found, pinned: ENGINE_PIN.llama },
      `the engine library in ${directory} is version ${found}, this program needs ${ENGINE_PIN.llama}. Reinstall the packages of the lock file.`,
    );
  }
  return { directory, base, ggml, llama };
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

function listLibraries(directory: string): string[] {
  return listNames(directory).filter((name) => name.startsWith('lib'));
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function missing(directory: string, reason: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_LIBRARY_MISSING', platform: `${process.platform}-${process.arch}`, tried: [directory] },
    `an engine library in ${directory} does not load: ${reason}`,
  );
}
