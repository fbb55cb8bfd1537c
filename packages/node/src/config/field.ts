/** The kinds of settings: each carries its schema, default, unit, allowed range in words, and documentation. */
import { z } from 'zod';

export interface Field<T> {
  /** Takes the value itself (from the file). */
  schema: z.ZodType<T>;
  default: T;
  /** null: a bare word or number. */
  unit: string | null;
  /** What is allowed, in words. */
  allowed: string;
  doc: string;
  /** The value that a text (from the environment or a flag) means; any text may come. */
  fromText(text: string): unknown;
}

interface About<T> {
  default: T;
  unit?: string;
  doc: string;
}

export function integer(about: About<number> & { min: number; max: number; zero?: string }): Field<number> {
  const { min, max, zero } = about;
  return {
    schema: z.int().min(min).max(max),
    default: about.default,
    unit: about.unit ?? null,
    allowed: `${min} to ${max}${zero === undefined ? '' : `; 0: ${zero}`}`,
    doc: about.doc,
    fromText: (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : text),
  };
}

export function choice<T extends string>(about: About<T> & { of: readonly T[] }): Field<T> {
  return {
    schema: z.enum(about.of),
    default: about.default,
    unit: about.unit ?? null,
    allowed: about.of.join(', '),
    doc: about.doc,
    fromText: (text) => text.trim(),
  };
}

export function word(about: About<string> & { pattern: RegExp; allowed: string }): Field<string> {
  return {
    schema: z.string().regex(about.pattern),
    default: about.default,
    unit: about.unit ?? null,
    allowed: about.allowed,
    doc: about.doc,
    fromText: (text) => text.trim(),
  };
}
