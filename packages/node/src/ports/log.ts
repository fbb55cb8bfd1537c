/** `part.what-happened`, in lower case. All of them are in docs/protocol/log.md. */
export type LogEvent = `${string}.${string}`;

/** Events as JSON lines. Never a prompt, an answer, a key. */
export interface Log {
  debug(event: LogEvent, fields?: Record<string, unknown>): void;
  info(event: LogEvent, fields?: Record<string, unknown>): void;
  warn(event: LogEvent, fields?: Record<string, unknown>): void;
  error(event: LogEvent, fields?: Record<string, unknown>): void;
}
