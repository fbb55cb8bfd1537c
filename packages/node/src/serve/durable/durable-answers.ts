/**
 * Answers that outlive the connection that asked for them, and the node: every chunk is in the store before anybody
 * gets it, and after a restart the answer goes on from its last token. See docs/protocol/answers.md.
 */
import type { ErrorObject } from '@filon/core/errors';
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { Serving } from '../serving.ts';

/** Any JSON value. Kept and given back as it is, never looked into. At most `noteBytesMax` bytes as JSON. */
export type Note = unknown;

export interface StartOptions {
  /** Chosen by the caller, hard to guess: 1 to 64 of `A-Z a-z 0-9 _ -`. */
  id: string;
  /** Whose it is: the id of a key, or `local`. Nobody else can read, stop or delete it, or learn that it exists. */
  owner: string;
  /** What the API keeps with it: the input items, the metadata. */
  note: Note;
  /**
   * true: kept after its end, until it is deleted or newer ones need the room. false: never written to the
   * disk, so it does not outlive the node, and gone soon after its end.
   */
  keep: boolean;
  /**
   * true: it goes on whoever follows, and by itself after a restart. false: it is cancelled as soon as its last
   * follower has left, and when none came within a minute; after a restart it goes on when somebody follows it.
   */
  background: boolean;
  /** Serving as the caller may use it. Absent: the node's own. */
  serving?: Pick<Serving, 'complete'>;
  /** Ends the wait for a slot. Has no effect once the answer has started: that is what `cancel` is for. */
  signal: AbortSignal;
}

export interface StartedAnswer {
  id: string;
  /** Catalogue name. */
  model: string;
  createdMs: number;
}

/** `cancelled`: by its owner, or because nobody followed it. */
export type AnswerState = 'running' | 'done' | 'failed' | 'cancelled';

export interface StoredAnswerView extends StartedAnswer {
  state: AnswerState;
  background: boolean;
  note: Note;
  /** So far; the index of a chunk is its place here. */
  chunks: Chunk[];
  /** null while it runs. */
  endedMs: number | null;
  /** Why it did not come to its end. */
  error: ErrorObject | null;
}

export interface FollowOptions {
  owner: string;
  /** Index of the last chunk that the follower has; -1: none. */
  after: number;
  /** Leaves; the answer itself is stopped by `cancel`. */
  signal: AbortSignal;
}

export interface IndexedChunk {
  /** Counts the chunks of the answer from 0; the same for all followers, and after a restart. */
  index: number;
  chunk: Chunk;
}

/** One that runs now. Neither its id nor its owner is told: whoever sees it may stop it, and no more. */
export interface RunningAnswer {
  /** For `stop`, while this process lives. */
  number: number;
  /** Catalogue name. */
  model: string;
  createdMs: number;
  /** Connections that read it; 0: it goes on by itself. */
  followers: number;
}

/** All answers that run, whoever's they are: for the operator alone. */
export interface RunningAnswers {
  running(): RunningAnswer[];
  /** Resolves when its slot is free; false: it was over already. Followers hear ANSWER_CANCELLED. */
  stop(number: number): Promise<boolean>;
}

/** An unknown id, a malformed one and somebody else's are one and the same: ANSWER_UNKNOWN. */
export interface DurableAnswers {
  /**
   * Resolves when the answer was admitted, its prompt fits and it is in the store; then it runs by itself. Codes: those
   * of Serving.complete, ANSWER_ID_INVALID, ANSWER_ID_TAKEN, ANSWER_RUNNING_FULL, ANSWER_NOTE_TOO_LARGE,
   * ANSWER_TOO_LARGE, ANSWER_ROOM_FULL, STORE_*.
   */
  start(request: CompletionRequest, options: StartOptions): Promise<StartedAnswer>;
  /**
   * Chunks after `after`, stored ones first, then live ones, to the end. A `pause` chunk marks where a restart was. The
   * iteration ends when the answer is done; throws ANSWER_CANCELLED when it was cancelled, and the answer's own error when it
   * failed. Codes: ANSWER_UNKNOWN, ANSWER_FOLLOWERS_FULL, SERVE_STOPPING (the node stops: follow again after it has
   * restarted), the signal's reason.
   */
  follow(id: string, options: FollowOptions): AsyncIterable<IndexedChunk>;
  /** Codes: ANSWER_UNKNOWN. */
  get(id: string, options: { owner: string }): Promise<StoredAnswerView>;
  /** Resolves when its slot is free. One that has ended already stays as it is. Codes: ANSWER_UNKNOWN. */
  cancel(id: string, options: { owner: string }): Promise<StoredAnswerView>;
  /** Cancels it if it runs, and removes everything of it. Codes: ANSWER_UNKNOWN. */
  delete(id: string, options: { owner: string }): Promise<void>;
}
