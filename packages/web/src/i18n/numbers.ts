/** Numbers and sizes as a reader of the language writes them. */
import type { Language } from '../state/preferences.ts';

export function count(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

/** Short: `8,2 mil`, `8.2K`. */
export function roundCount(value: number, language: Language): string {
  return new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** Two or three digits that mean something. */
export function measure(value: number, language: Language): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

export function size(bytes: number, language: Language): string {
  const [unit, divisor] = bytes >= 1e9 ? ['GB', 1e9] : bytes >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: bytes >= 1e9 ? 1 : 0 });
  return `${number.format(bytes / Number(divisor))} ${unit}`;
}
