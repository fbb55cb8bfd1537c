import { expect } from 'vitest';

/** What an official client is run against. */
export interface ClientTarget {
  /** Of the node, without a slash at the end. */
  url: string;
  model: string;
  /** Whether the same request always gives the same bytes: exact mode. */
  repeats: boolean;
  /** Tokens that a turn of a long conversation adds, at most. */
  turnTokensMax: number;
  /** Tokens computed since the start, over all requests. */
  generatedTokens(): Promise<number>;
}

export const SCHEMA = {
  type: 'object',
  properties: {
    city: { type: 'string', maxLength: 20 },
    year: { type: 'integer', minimum: 0, maximum: 9999 },
  },
  required: ['city', 'year'],
  additionalProperties: false,
} as const;

/** In fast mode a near tie may go the other way the next time. */
export function expectSame({ repeats }: ClientTarget, found: unknown, expected: unknown): void {
  if (repeats) expect(found).toEqual(expected);
  else expect(found).toBeTruthy();
}
