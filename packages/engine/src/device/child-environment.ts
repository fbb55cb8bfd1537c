/** What a child of the engine sees of the environment: nothing but where compiled code is kept, which saves it memory. */
import { getCompileCacheDir } from 'node:module';

export function childEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const directory = getCompileCacheDir();
  return directory === undefined ? { ...more } : { NODE_COMPILE_CACHE: directory, ...more };
}
