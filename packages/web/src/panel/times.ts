/** Times and shares as people read them, in their language. Sizes and counts are in i18n/numbers.ts. */
import type { Language } from '../state/preferences.ts';

const SECONDS = { minute: 60, hour: 3600, day: 86_400 } as const;

/** Of 0 to 1: `43%`, never rounded up to the whole. */
export function shareText(share: number, language: Language): string {
  const percent = share < 1 ? Math.min(99, Math.max(0, Math.round(share * 100))) : 100;
  return new Intl.NumberFormat(language, { style: 'percent' }).format(percent / 100);
}

/** `40 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`: the two largest units, which all our languages write alike. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < SECONDS.minute) return `${seconds} s`;
  if (seconds < SECONDS.hour) return pair(seconds, [SECONDS.minute, 'min'], [1, 's']);
  if (seconds < SECONDS.day) return pair(seconds, [SECONDS.hour, 'h'], [SECONDS.minute, 'min']);
  return pair(seconds, [SECONDS.day, 'd'], [SECONDS.hour, 'h']);
}

/** `3 min. ago`. */
export function agoText(agoMs: number, language: Language): string {
  const seconds = Math.max(0, Math.round(agoMs / 1000));
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  if (seconds < SECONDS.minute) return format.format(-seconds, 'second');
  if (seconds < SECONDS.hour) return format.format(-Math.floor(seconds / SECONDS.minute), 'minute');
  if (seconds < SECONDS.day) return format.format(-Math.floor(seconds / SECONDS.hour), 'hour');
  return format.format(-Math.floor(seconds / SECONDS.day), 'day');
}

type Unit = readonly [seconds: number, name: string];

function pair(seconds: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}
