/**
 * Opens the native libraries, if they are the ones that this code was written for.
 *
 * The libraries come prebuilt inside npm packages, one directory a backend set. llama.cpp's struct layouts change between
 * versions without notice, so a set is used only if it reports the pinned version.
 */
import { join } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import koffi, { type LibraryHandle } from 'koffi';
import type { EngineErrorDetails } from '../errors.ts';
import { listLibraries } from './library-directory.ts';

/** Package version, and the version of llama.cpp that it carries. */
export const ENGINE_PIN = { package: '3.22.1', llama: '0.5.0-dev' } as const;

/** Stack of a decode on a pool thread: building the graph of a large model needs more than koffi's 128 KiB. */
const ASYNC_STACK_BYTES = 4 * 1024 * 1024;
// Here, because koffi takes settings only before its first call.
koffi.config({ ...koffi.config(), async_stack_size: ASYNC_STACK_BYTES, resident_async_pools: 1 });

export interface LibrarySet {
  directory: string;
  base: LibraryHandle;
  ggml: LibraryHandle;
  llama: LibraryHandle;
}

/** Opens base, ggml and llama of one directory, in the order of their dependencies, and checks the version. */
export function openLibrarySet(directory: string): LibrarySet {
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

function missing(directory: string, reason: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_LIBRARY_MISSING', platform: `${process.platform}-${process.arch}`, tried: [directory] },
    `an engine library in ${directory} does not load: ${reason}`,
  );
}
