/**
 * CPU libraries of the prebuilt set other than the best one of this processor: a folder as an added backend has it, with
 * one CPU library to choose from. What they compute differs in the last bits, as two machines' does.
 */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findLibraryDirectory, listLibraries } from '@filon/engine/ffi/library-directory';

/** One has fused multiply-add and the other has not. */
const PAIR = ['haswell', 'sandybridge'] as const;

/** null: this processor or set has no such two; `reason` says which is missing. */
export function twoKernels(): { kernels: readonly [string, string] | null; reason: string } {
  const cpu = readFileSync('/proc/cpuinfo', 'utf8');
  const isFit = ['avx2', 'fma', 'f16c'].every((flag) => new RegExp(`^flags.*\\b${flag}\\b`, 'm').test(cpu));
  if (!isFit) return { kernels: null, reason: 'this processor has no AVX2' };
  const there = listLibraries(findLibraryDirectory([]));
  const missing = PAIR.filter((kernels) => !there.includes(cpuLibrary(kernels)));
  if (missing.length > 0) return { kernels: null, reason: `the engine package has no ${missing}` };
  return { kernels: PAIR, reason: '' };
}

/** Fills the new folder with links to the set, and to that one of its CPU libraries. */
export function linkKernels(folder: string, kernels: string): void {
  mkdirSync(folder, { recursive: true });
  const set = findLibraryDirectory([]);
  for (const name of listLibraries(set)) {
    if (name.startsWith('libggml-cpu') && name !== cpuLibrary(kernels)) continue;
    symlinkSync(join(set, name), join(folder, name));
  }
}

/** So that a node of this home computes with them; `backends` is that folder of the home. */
export function lendKernels(backends: string, kernels: string): void {
  linkKernels(join(backends, 'kernels', 'node_modules', '@filon-kit', kernels, 'bins', kernels), kernels);
}

const cpuLibrary = (kernels: string): string => `libggml-cpu-${kernels}.so`;
