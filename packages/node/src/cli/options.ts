/** The options of a command as they were typed, read by name and checked. */
import { FilonError } from '@filon/core/errors';
import type { CliErrorDetails } from './errors.ts';

export interface Options {
  /** Whether a switch was given; with a default of true, whether `--no-...` was not. */
  flag(name: string): boolean;
  text(name: string): string | undefined;
  /** Code: CLI_OPTION_INVALID. */
  number(name: string, range: { min: number; max: number; whole?: boolean }): number | undefined;
}

export function readOptions(values: Readonly<Record<string, unknown>>): Options {
  const text = (name: string): string | undefined => {
    const value = values[name];
    // `--no-NAME` of a setting is its `off`.
    if (value === false) return 'off';
    return typeof value === 'string' ? value : undefined;
  };
  return {
    flag: (name) => values[name] === true,
    text,
    number: (name, range) => {
      const value = text(name);
      return value === undefined ? undefined : parseNumber(name, value, range);
    },
  };
}

function parseNumber(
  name: string,
  text: string,
  range: { min: number; max: number; whole?: boolean },
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const whole = range.whole ?? true;
  if (value >= range.min && value <= range.max && (!whole || Number.isInteger(value))) return value;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const allowed = `${whole ? 'a whole number from ' : ''}${range.min} to ${range.max}`;
  throw new FilonError<CliErrorDetails>(
    { code: 'CLI_OPTION_INVALID', option, value: text, allowed },
    `${option} cannot be ${JSON.stringify(text)}. Allowed: ${allowed}.`,
  );
}
