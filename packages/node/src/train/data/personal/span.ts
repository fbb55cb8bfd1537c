/** Where personal data is in a text, and of what kind. */

export const PERSONAL_KINDS = [
  'email',
  'iban',
  'card',
  'spanish-id',
  'social-security',
  'ip-address',
  'phone',
  'birth-date',
  'address',
  'name',
  'other-id',
] as const;
export type PersonalKind = (typeof PERSONAL_KINDS)[number];

export interface Span {
  kind: PersonalKind;
  start: number;
  end: number;
}

/** What stands in the text afterwards. */
export function placeholder(kind: PersonalKind): string {
  return `[${kind}]`;
}

/** One form for values that people write in many: for comparing, never for showing. */
export function comparable(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}@]/gu, '');
}
