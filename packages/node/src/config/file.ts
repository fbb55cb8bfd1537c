/** The settings' file: a JSON object in the node's home. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { FilonError, messageOf } from '@filon/core/errors';
import { z } from 'zod';
import type { ConfigErrorDetails } from './errors.ts';

const fileSchema = z.record(z.string(), z.unknown());

/** Empty when there is no file. Codes: CONFIG_FILE_INVALID, CONFIG_FILE_UNAVAILABLE. */
export function readConfigFile(path: string): Record<string, unknown> {
  const text = readIfThere(path);
  if (text === null) return {};
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is no object';
    throw new FilonError<ConfigErrorDetails>(
      { code: 'CONFIG_FILE_INVALID', path },
      `The settings in ${path} cannot be read as a JSON object: ${why}. Mend the file, or remove it to use the defaults.`,
    );
  }
}

/** Replaces the file in one step, so that a crash leaves the old or the new one. Code: CONFIG_FILE_UNAVAILABLE. */
export function writeConfigFile(path: string, values: Readonly<Record<string, unknown>>): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, `${JSON.stringify(values, null, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, path);
  } catch (error) {
    throw unavailable(path, error);
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unavailable(path, error);
  }
}

function unavailable(path: string, error: unknown): FilonError<ConfigErrorDetails> {
  return new FilonError<ConfigErrorDetails>(
    { code: 'CONFIG_FILE_UNAVAILABLE', path },
    `The settings' file ${path} cannot be used: ${messageOf(error)}. Check its rights.`,
    { cause: error },
  );
}
