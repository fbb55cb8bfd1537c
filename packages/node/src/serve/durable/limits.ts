/** Every bound of answers that are kept. */
export interface DurableLimits {
  /** Of one owner, running in the background at the same time; those with a follower are bounded by their connections. */
  backgroundMax: number;
  followersMax: number;
  /** Of one owner; the oldest that has ended goes first. */
  keptMax: number;
  /** Of one owner; likewise. */
  keptOwnerBytesMax: number;
  /** Of all owners together. Whoever holds the most makes room; nobody within an equal share has to. */
  keptTotalMax: number;
  /** Likewise. */
  keptBytesMax: number;
  /** Of one note, as JSON. */
  noteBytesMax: number;
  /** Of one: its request, its note and what was generated. */
  answerBytesMax: number;
  /** In memory alone, all owners together, because their callers did not want them kept. */
  unkeptMax: number;
  /** How long these can still be read after their end. */
  unkeptMs: number;
  /** How long an answer that is not in the background runs until somebody follows it. */
  attendMs: number;
  /** An answer that the end of a node cut off goes on within this time from its beginning, by the wall clock. */
  resumeWithinMs: number;
  /** Processes that go on with one answer: whatever ends them may be its fault. */
  restartsMax: number;
  /** Background answers that go on at the same time after a start; the others wait for them. */
  resumeTogether: number;
  /** They begin when some model is ready, or after this long. */
  resumeWaitMs: number;
}

export const DEFAULT_DURABLE_LIMITS: DurableLimits = {
  backgroundMax: 32,
  followersMax: 16,
  keptMax: 10_000,
  keptOwnerBytesMax: 64 * 1024 * 1024,
  keptTotalMax: 50_000,
  keptBytesMax: 256 * 1024 * 1024,
  noteBytesMax: 2 * 1024 * 1024,
  answerBytesMax: 16 * 1024 * 1024,
  unkeptMax: 1_000,
  unkeptMs: 60_000,
  attendMs: 60_000,
  resumeWithinMs: 24 * 3_600_000,
  restartsMax: 8,
  resumeTogether: 4,
  resumeWaitMs: 60_000,
};

export const READY_POLL_MS = 500;
export const RUNNING_RETRY_SECONDS = 10;

/** UTF-16 units of one stored piece. Six bytes each at most in JSON: below what the store takes. */
export const PIECE_UNITS_MAX: number = 128 * 1024;
/** Estimated bytes of the chunks in one row of an ended answer. */
export const PART_BYTES_MAX: number = 128 * 1024;
