/** Bodies of endpoints: events as they come, or one JSON value, within limits. */
import { upstreamBroken } from '@filon/core/upstream/errors';
import { EventReader } from '@filon/core/wire/event-reader';
import type { z } from 'zod';
import type { HttpAnswer } from './http-call.ts';
import type { UpstreamLimits } from './limits.ts';

/** The data of each event. Codes: UPSTREAM_BROKEN, UPSTREAM_STALLED. */
export async function* readEvents(answer: HttpAnswer, limits: UpstreamLimits): AsyncGenerator<string> {
  const { host } = answer;
  const reader = new EventReader({
    charactersMax: limits.eventCharactersMax,
    tooLong: () => upstreamBroken(host, `an event has more than ${limits.eventCharactersMax} characters`),
  });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const piece of limited(answer, limits.answerBytesMax)) {
    yield* reader.push(decoded(host, () => decoder.decode(piece, { stream: true })));
  }
}

/** Codes: UPSTREAM_BROKEN, UPSTREAM_STALLED. */
export async function readJson<T>(
  answer: HttpAnswer,
  schema: z.ZodType<T>,
  limits: UpstreamLimits,
): Promise<T> {
  const { host } = answer;
  answer.expectWithin(limits.quietMs);
  const pieces = await Array.fromAsync(limited(answer, limits.bodyBytesMax));
  const text = decoded(host, () => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces)));
  return parsed(host, text, schema);
}

/** Codes: UPSTREAM_BROKEN. */
export function parsed<T>(host: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw upstreamBroken(host, 'it sends what is no JSON');
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const path = error.issues[0]?.path.join('.') ?? '';
  // Names in it may be theirs.
  const where = /^[\w.]{1,80}$/.test(path) ? path : 'value';
  throw upstreamBroken(host, `it sends a wrong ${where}`);
}

async function* limited(answer: HttpAnswer, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of answer.body) {
    bytes += piece.length;
    if (bytes > bytesMax) throw upstreamBroken(answer.host, `it sends more than ${bytesMax} bytes`);
    yield piece;
  }
}

function decoded(host: string, decode: () => string): string {
  try {
    return decode();
  } catch {
    throw upstreamBroken(host, 'it sends what is no UTF-8');
  }
}
