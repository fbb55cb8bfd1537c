/** Values as people read them. */

/** `8 s`, `2 min 05 s`, `3 h 07 min`. */
export function durationText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Thousands apart: `98,362,432`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function rateText(rate: number): string {
  return rate >= 100 ? countText(rate) : rate.toFixed(1);
}

/** Columns as wide as their widest cell; the first row is the head. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

const ESCAPE = String.fromCharCode(27);
/** CSI and OSC sequences, and lone control characters other than tab and line feed. */
const CONTROLS = new RegExp(
  `${ESCAPE}\\[[0-?]*[ -/]*[@-~]|${ESCAPE}\\][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)|[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]`,
  'g',
);

/** Text of a model or a file, without what would steer the terminal that shows it. */
export function plainText(text: string): string {
  return text.replace(CONTROLS, '');
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
