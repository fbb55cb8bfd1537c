/** Sizes, times and counts as people read them, in their language. */
import type { Language } from '../state/preferences.ts';

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const SECONDS = { minute: 60, hour: 3600, day: 86_400 } as const;

/** `98.4 MB`: decimal units, three digits. */
export function bytesText(language: Language, bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${formatter(language, { maximumSignificantDigits: 3 }).format(value)} ${BYTE_UNITS[unit]}`;
}

export function countText(language: Language, count: number): string {
  return formatter(language, { maximumFractionDigits: 0 }).format(count);
}

/** Of a speed: `0.4`, `12.3`, `140`. */
export function rateText(language: Language, perSecond: number): string {
  return formatter(language, { maximumFractionDigits: perSecond < 100 ? 1 : 0 }).format(perSecond);
}

/** Of 0 to 1: `43 %`, never rounded up to the whole. */
export function shareText(language: Language, share: number): string {
  const whole = Math.min(1, Math.max(0, share));
  const percent = whole < 1 ? Math.min(99, Math.round(whole * 100)) : 100;
  return formatter(language, { style: 'percent' }).format(percent / 100);
}

/** `40 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`: the two largest units, which all our languages write alike. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < SECONDS.minute) return `${seconds} s`;
  if (seconds < SECONDS.hour) return pair(seconds, SECONDS.minute, 1, ['min', 's']);
  if (seconds < SECONDS.day) return pair(seconds, SECONDS.hour, SECONDS.minute, ['h', 'min']);
  return pair(seconds, SECONDS.day, SECONDS.hour, ['d', 'h']);
}

/** `3 minutes ago`. */
export function agoText(language: Language, agoMs: number): string {
  const seconds = Math.max(0, Math.round(agoMs / 1000));
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (seconds < SECONDS.minute) return format.format(-seconds, 'second');
  if (seconds < SECONDS.hour) return format.format(-Math.floor(seconds / SECONDS.minute), 'minute');
  if (seconds < SECONDS.day) return format.format(-Math.floor(seconds / SECONDS.hour), 'hour');
  return format.format(-Math.floor(seconds / SECONDS.day), 'day');
}

function pair(seconds: number, large: number, small: number, [first, second]: [string, string]): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${first}${rest === 0 ? '' : ` ${rest} ${second}`}`;
}

function formatter(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(language, options);
}
