/** What answers that are kept fail with, besides the codes of serving and of the store. */
export type DurableErrorDetails =
  /** Not there, deleted, made room for newer ones, or somebody else's. */
  | { code: 'ANSWER_UNKNOWN'; id: string }
  | { code: 'ANSWER_ID_INVALID' }
  | { code: 'ANSWER_ID_TAKEN'; id: string }
  /** So many answers of this owner run in the background already. */
  | { code: 'ANSWER_RUNNING_FULL'; runningMax: number; retryAfterSeconds: number }
  | { code: 'ANSWER_FOLLOWERS_FULL'; followersMax: number; retryAfterSeconds: number }
  /** The request with its note, or what was generated, is over the limit of one answer. */
  | { code: 'ANSWER_TOO_LARGE'; bytesMax: number }
  /** What is kept with it, such as the conversation and the tools, is over its limit. */
  | { code: 'ANSWER_NOTE_TOO_LARGE'; bytes: number; bytesMax: number }
  /** What runs of this owner leaves no room for another, even if all that ended made room. */
  | { code: 'ANSWER_ROOM_FULL'; bytesMax: number; retryAfterSeconds: number }
  | { code: 'ANSWER_CANCELLED' }
  /** A bug; the log has it. */
  | { code: 'ANSWER_BROKEN' }
  /** The node ended in the middle of it and it can no longer go on; what there is stays readable. */
  | { code: 'ANSWER_INTERRUPTED'; reason: 'too-old' | 'model-gone' | 'changed' | 'restarts' };
