/**
 * What a child of the engine sees of the environment: where compiled code is kept, which saves it memory, and that an
 * abort of the library is not to start a debugger on it, which takes seconds in which everybody waits.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

export function childEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  // Node names the folder of its own version, which a child appends by itself.
  const directory = getCompileCacheDir();
  const cache = directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) };
  return { GGML_NO_BACKTRACE: '1', ...cache, ...more };
}
