/** One text for one value, so that its hash is the same wherever it is made: what `jq -cS` prints. */
import { invariant } from '../../errors.ts';

/** Keys sorted by code unit, no space, whole numbers only. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  const isPlain = value === null || typeof value === 'string' || typeof value === 'boolean';
  invariant(isPlain || Number.isSafeInteger(value), `${String(value)} has no canonical form`);
  return JSON.stringify(value);
}
