/** One operation of the API: what the document says of it, and what the gateway knows a path by. */
import type { z } from 'zod';

export type Method = 'get' | 'post' | 'delete';

/** Whose shapes an operation has, above all in its errors. */
export type Api = 'openai' | 'anthropic' | 'ollama' | 'node' | 'panel' | 'pages';

/**
 * `anyone`: no key, from anywhere. `callers`: without a key from this machine, with a key or a session from others.
 * `operator`: a browser that came in by login link.
 */
export type Audience = 'anyone' | 'callers' | 'operator';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  about: string;
  schema: z.ZodType;
  /** Of a path: it may have slashes in it. */
  wide?: boolean;
  /** One that works on a node with the starter model. */
  example?: string;
}

export interface Body {
  type: 'application/json' | 'application/x-www-form-urlencoded';
  schema: z.ZodType;
  /** Each works on a node with the starter model. */
  examples: Readonly<Record<string, unknown>>;
}

export interface Answer {
  about: string;
  /** By content type; of a stream, the schema is that of the data of one event or of one line. Empty: no body. */
  content: Readonly<Record<string, z.ZodType>>;
}

export interface Operation {
  method: Method;
  /** Parameters in braces. */
  path: string;
  /** Unique. */
  id: string;
  summary: string;
  api: Api;
  audience: Audience;
  parameters?: readonly Parameter[];
  body?: Body;
  /** By status. Errors of the API's own shape may always come beside these. */
  answers: Readonly<Record<number, Answer>>;
  /** Operations whose `{id}` is the `id` of this one's answer. */
  leadsTo?: readonly string[];
}

export const STARTER_MODEL = 'smollm2-135m';
export const EVENTS = 'text/event-stream';
export const JSON_TYPE = 'application/json';

export function json(schema: z.ZodType, about = 'Done.'): Answer {
  return { about, content: { [JSON_TYPE]: schema } };
}
