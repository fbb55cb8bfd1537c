/** An option's value that cannot be. */
import { FilonError } from '@filon/core/errors';
import type { CliErrorDetails } from './errors.ts';

export function wrongOption(option: string, value: string, allowed: string): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_OPTION_INVALID', option, value, allowed },
    `${option} cannot be ${JSON.stringify(value)}. Allowed: ${allowed}.`,
  );
}
