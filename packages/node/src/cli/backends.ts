/**
 * Backends that are not in the base install, because npm cannot choose by GPU. Each is a pinned set of packages in this
 * repository, put into the home; the engine looks there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { HomePaths } from '../home/paths.ts';
import type { CliErrorDetails } from './errors.ts';

export interface Backend {
  name: string;
  title: string;
  /** On the disk, roughly: for the progress and for the check of free space. */
  bytes: number;
  platforms: readonly string[];
}

export const BACKENDS: readonly Backend[] = [
  {
    name: 'cuda',
    title: 'NVIDIA cards of the Turing generation or later',
    bytes: 566_000_000,
    platforms: ['linux-x64'],
  },
];

/** Code: CLI_BACKEND_UNKNOWN. */
export function backendNamed(name: string): Backend {
  const backend = BACKENDS.find((known) => known.name === name);
  if (backend !== undefined) return backend;
  const known = BACKENDS.map((one) => one.name);
  throw new FilonError<CliErrorDetails>(
    { code: 'CLI_BACKEND_UNKNOWN', backend: name, known },
    `There is no backend "${name}" to add or remove. There is: ${known.join(', ')}. The CPU and Vulkan are always there.`,
  );
}

export function backendFolder(paths: HomePaths, backend: Backend): string {
  return join(paths.backends, backend.name);
}

export function isInstalled(paths: HomePaths, backend: Backend): boolean {
  return existsSync(join(backendFolder(paths, backend), 'node_modules'));
}
