/** The calls about endpoints that join as workers. They need a running node, which asks them. Codes: UPSTREAM_*. */

import { TIERS } from '@filon/core/serving/tier';
import { UPSTREAM_URL_CHARS_MAX } from '@filon/core/upstream/address';
import { z } from 'zod';
import { UPSTREAM_KEY_CHARS_MAX } from '../home/upstream-keys.ts';
import { SESSIONS_MAX } from '../serve/upstream/limits.ts';
import type { NewUpstream, UpstreamPlaces, UpstreamView } from '../serve/upstream/places.ts';

const MODEL_CHARS_MAX = 1024;

interface Call<In, Out> {
  input: In;
  output: Out;
}

export interface UpstreamCalls {
  upstreams: Call<Record<string, never>, UpstreamView[]>;
  /** Asks it one question first. */
  addUpstream: Call<NewUpstream, UpstreamView>;
  removeUpstream: Call<{ name: string }, UpstreamView>;
}

const modelName = z.string().min(1, 'it is empty').max(MODEL_CHARS_MAX);

const newUpstream: z.ZodType<NewUpstream> = z.object({
  url: z.string().min(1).max(UPSTREAM_URL_CHARS_MAX),
  model: modelName,
  name: modelName.nullable(),
  key: z
    .string()
    .max(UPSTREAM_KEY_CHARS_MAX)
    .regex(/^[\x21-\x7e]+$/, 'it is no key')
    .nullable(),
  fingerprint: z
    .string()
    .regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/, 'it is no sha256 of a certificate, as AB:CD:...')
    .nullable(),
  tier: z.enum(TIERS).nullable(),
  serves: z.enum(TIERS).nullable(),
  sessionsMax: z.int().min(1).max(SESSIONS_MAX).nullable(),
});

export const UPSTREAM_INPUTS: { readonly [C in keyof UpstreamCalls]: z.ZodType<UpstreamCalls[C]['input']> } =
  {
    upstreams: z.object({}),
    addUpstream: newUpstream,
    removeUpstream: z.object({ name: modelName }),
  };

export type UpstreamControl = {
  readonly [C in keyof UpstreamCalls]: (
    input: UpstreamCalls[C]['input'],
    options: { signal: AbortSignal },
  ) => Promise<UpstreamCalls[C]['output']>;
};

export function createUpstreamCalls(places: UpstreamPlaces): UpstreamControl {
  return {
    upstreams: async () => places.list(),
    addUpstream: (input, options) => places.add(input, options),
    removeUpstream: async ({ name }) => places.remove(name),
  };
}
