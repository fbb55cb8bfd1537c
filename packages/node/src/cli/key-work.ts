/** What the commands about keys and browsers share. */
import { FilonError } from '@filon/core/errors';
import type { KeyControl } from '../control/calls.ts';
import type { Cli } from './context.ts';
import type { CliErrorDetails } from './errors.ts';
import { withHome } from './with-home.ts';

/** With the node of this home, or straight on the home when none runs. */
export async function withKeys<R>(
  cli: Cli,
  purpose: string,
  work: (calls: KeyControl) => Promise<R>,
): Promise<R> {
  const { makers } = cli.surroundings;
  const open = () => makers.openKeyCalls({ paths: cli.paths, settings: cli.config().values, purpose });
  return await withHome(cli, open, work);
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Of `45m`, `12h`, `30d` or `2w`. Code: CLI_OPTION_INVALID. */
export function spanMs(option: string, text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text.trim()) ?? [];
  const spanMs = Number(count) * (UNITS_MS[unit] ?? 0);
  if (spanMs > 0) return spanMs;
  const allowed = 'a number of minutes, hours, days or weeks: 45m, 12h, 30d, 2w';
  throw new FilonError<CliErrorDetails>(
    { code: 'CLI_OPTION_INVALID', option, value: text, allowed },
    `${option} cannot be ${JSON.stringify(text)}. Allowed: ${allowed}.`,
  );
}

/** A moment as people read it, to the minute, in their own time. */
export function momentText(timeMs: number | null): string {
  if (timeMs === null) return 'never';
  const at = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
