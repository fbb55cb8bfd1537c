/** Numbers as people read them. */

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** `98.4 MB`: decimal units, three digits or so. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) < 1000) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(Math.abs(value) < 9.95 ? 2 : Math.abs(value) < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}
