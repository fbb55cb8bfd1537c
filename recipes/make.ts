/**
 * Makes what is made in this folder: recipe.schema.json, and samples/NAME/. `node recipes/make.ts` writes the files,
 * `--check` tells which of them are not current and ends with 1 then.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recipeJsonSchema } from '@filon/core/training/recipe-schema';
import { architecturalSample } from './samples/architectural.ts';
import { customerSample } from './samples/customer-information.ts';
import { financialSample } from './samples/financial.ts';
import type { Sample } from './samples/kit.ts';
import { medicalSample } from './samples/medical.ts';

export const SAMPLES: Readonly<Record<string, Sample>> = {
  medical: medicalSample(),
  financial: financialSample(),
  architectural: architecturalSample(),
  'customer-information': customerSample(),
};

/** Every made file, by its path in this folder. */
export function madeFiles(): Map<string, string> {
  const files = new Map([['recipe.schema.json', `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`]]);
  for (const [name, sample] of Object.entries(SAMPLES)) {
    const set = (path: string, text: string): Map<string, string> =>
      files.set(`samples/${name}/${path}`, text);
    set('train.jsonl', lines(sample.train));
    set('held-out.jsonl', lines(sample.heldOut));
    set('choices.jsonl', lines(sample.choices));
    for (const [path, text] of Object.entries(sample.files)) set(path, text);
  }
  return files;
}

/** Made files that differ from what is on the disk. */
export function staleFiles(folder: string = import.meta.dirname): string[] {
  return [...madeFiles()].filter(([path, text]) => textOf(join(folder, path)) !== text).map(([path]) => path);
}

/** One JSON text a line; the same item twice is there once. */
function lines(items: readonly unknown[]): string {
  return [...new Set(items.map((item) => `${JSON.stringify(item)}\n`))].join('');
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function write(folder: string): void {
  for (const [path, text] of madeFiles()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const stale = staleFiles();
    for (const path of stale) console.error(`${path} is not current; run: node recipes/make.ts`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else write(import.meta.dirname);
}
