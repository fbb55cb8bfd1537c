/** Small rules of the house that a linter does not know. */
import type { Module } from './modules.ts';

const SUPPRESSION = /@ts-(ignore|expect-error|nocheck)|biome-ignore/;
const UNFINISHED = /\b(TODO|FIXME)\b/;
const UNTYPED_ERROR = /throw new Error\(/;

export function habitFaults(modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, text, globals }) => {
    const faults: string[] = [];
    if (SUPPRESSION.test(text)) faults.push(`${path}: suppresses a check`);
    if (UNFINISHED.test(text)) faults.push(`${path}: is marked as unfinished`);
    if (UNTYPED_ERROR.test(text)) faults.push(`${path}: throws an error without a code`);
    if (globals.has('process.env') && !path.endsWith('/main.ts'))
      faults.push(`${path}: reads the environment`);
    return faults;
  });
}

/** A test that sees nothing passes: so each package must show this many modules. */
export function sightFaults(modules: readonly Module[], least: Readonly<Record<string, number>>): string[] {
  return Object.entries(least).flatMap(([name, count]) => {
    const seen = modules.filter(({ path }) => path.startsWith(`packages/${name}/`)).length;
    return seen >= count ? [] : [`saw ${seen} modules of ${name}, expected at least ${count}`];
  });
}
