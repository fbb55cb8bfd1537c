/**
 * What a client holds of an answer that broke off, so that any gateway can go on with it. A session is a list of token
 * ids with a seed: nothing else is needed, and nobody but the client has to keep it. See docs/protocol/resume.md.
 */
import { FilonError } from '../errors.ts';
import { type PrivacyTier, TIERS } from './tier.ts';

/** What was settled before the first token. */
export interface ResumeStart {
  /** sha256 of the file, 64 hex digits. */
  model: string;
  /** sha256 of the prompt's tokens, each 4 bytes little-endian: 64 hex digits. */
  prompt: string;
  /** How many those are. */
  promptTokens: number;
  /** Generated tokens at most. */
  maxTokens: number;
  /** Digits of an unsigned number of 64 bits, which JSON's numbers do not hold. */
  seed: string;
  /** Nobody beyond it goes on with the answer. */
  tier: PrivacyTier;
  /** Only places of this class go on with it; null: it was begun in fast mode, and any will do. */
  numericClass: string | null;
}

/** `text`: what may be shown from this token on; it never splits a character, and may be empty or several tokens long. */
export interface DrawnToken {
  token: number;
  text: string;
}

export interface Resumption {
  start: ResumeStart;
  /** In order, from the first one. */
  drawn: readonly DrawnToken[];
}

/** As JSON. */
export interface ResumeStartJson {
  model: string;
  prompt: string;
  prompt_tokens: number;
  max_tokens: number;
  seed: string;
  tier: PrivacyTier;
  numeric_class: string | null;
}

export type ResumeErrorDetails =
  /** It has not the form of one. */
  | { code: 'RESUME_INVALID'; field: string; reason: string }
  /** It has, but is none of this request. */
  | { code: 'RESUME_MISMATCH'; what: 'model' | 'prompt' | 'seed' | 'length' | 'token' };

/** UTF-16 units that one token lets out; what was held back may come with it. */
export const DRAWN_CHARS_MAX = 65_536;
/** Of a prompt, and of an answer: no model in use remembers more. */
export const RESUME_TOKENS_MAX = 262_144;
/** No vocabulary in use is larger. */
export const TOKEN_ID_MAX = 4_194_303;
export const CLASS_CHARS_MAX = 128;
const SEED_MAX = 2n ** 64n - 1n;

export function resumeStartJson(start: ResumeStart): ResumeStartJson {
  const { model, prompt, seed, tier } = start;
  return {
    ...{ model, prompt, prompt_tokens: start.promptTokens, max_tokens: start.maxTokens },
    ...{ seed, tier, numeric_class: start.numericClass },
  };
}

/**
 * From a client, and so from anybody. Stops at the first fault and names its field, `field` being that of the whole.
 * Codes: RESUME_INVALID.
 */
export function readResumption(value: unknown, field: string): Resumption {
  const { start, drawn } = membersOf(value, field);
  return { start: readStart(start, `${field}.start`), drawn: readDrawn(drawn, `${field}.drawn`) };
}

/** Codes: RESUME_INVALID. */
export function readStart(value: unknown, field: string): ResumeStart {
  const members = membersOf(value, field);
  const at = (name: string): [value: unknown, field: string] => [members[name], `${field}.${name}`];
  return {
    model: readHash(...at('model')),
    prompt: readHash(...at('prompt')),
    promptTokens: readCount(...at('prompt_tokens')),
    maxTokens: readCount(...at('max_tokens')),
    seed: readSeed(...at('seed')),
    tier: readTier(...at('tier')),
    numericClass: readClass(...at('numeric_class')),
  };
}

/** Codes: RESUME_INVALID. */
export function readDrawn(value: unknown, field: string): DrawnToken[] {
  if (!Array.isArray(value)) throw invalid(field, 'must be an array');
  if (value.length > RESUME_TOKENS_MAX) {
    throw invalid(field, `has ${value.length} tokens; at most ${RESUME_TOKENS_MAX} are allowed`);
  }
  return value.map((entry: unknown, index) => readToken(entry, `${field}[${index}]`));
}

function readToken(entry: unknown, field: string): DrawnToken {
  const { token, text } = membersOf(entry, field);
  const isId = typeof token === 'number' && Number.isInteger(token) && token >= 0 && token <= TOKEN_ID_MAX;
  if (!isId) throw invalid(`${field}.token`, `must be a token id from 0 to ${TOKEN_ID_MAX}`);
  if (typeof text !== 'string') throw invalid(`${field}.text`, 'must be a string');
  if (text.length > DRAWN_CHARS_MAX) throw invalid(`${field}.text`, `has over ${DRAWN_CHARS_MAX} characters`);
  if (text.isWellFormed()) return { token, text };
  throw invalid(`${field}.text`, 'has half of a surrogate pair, which is no character');
}

function readHash(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw invalid(field, 'must be a sha256 of 64 hex digits');
}

function readCount(value: unknown, field: string): number {
  const fits =
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= RESUME_TOKENS_MAX;
  if (fits) return value;
  throw invalid(field, `must be a whole number from 1 to ${RESUME_TOKENS_MAX}`);
}

function readSeed(value: unknown, field: string): string {
  const seed = typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : null;
  if (seed !== null && seed <= SEED_MAX) return String(seed);
  throw invalid(field, 'must be the digits of an unsigned number of 64 bits');
}

function readTier(value: unknown, field: string): PrivacyTier {
  const tier = TIERS.find((one) => one === value);
  if (tier !== undefined) return tier;
  throw invalid(field, `must be one of ${TIERS.join(', ')}`);
}

function readClass(value: unknown, field: string): string | null {
  if (value === null) return null;
  if (typeof value === 'string' && value !== '' && value.length <= CLASS_CHARS_MAX) return value;
  throw invalid(field, `must be null or 1 to ${CLASS_CHARS_MAX} characters`);
}

/** Only its own: `__proto__` and the like are not members. */
function membersOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(field, 'must be an object');
  }
  return { ...value };
}

function invalid(field: string, reason: string): FilonError<ResumeErrorDetails> {
  const message = `${field}: ${reason}; ask again without it`;
  return new FilonError<ResumeErrorDetails>({ code: 'RESUME_INVALID', field, reason }, message);
}
