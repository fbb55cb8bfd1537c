/** Readers of what a node says: nothing is taken for what it is not. */

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** More than nothing. */
export function amountOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}
