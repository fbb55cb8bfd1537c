/** A log that keeps its lines, for tests. */
import { safeLogFields } from '@filon/core/log/log-fields';
import type { Log } from '../../ports/log.ts';

const LINES_MAX = 10_000;

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  event: string;
  fields: Record<string, unknown>;
}

export interface MemoryLog extends Log {
  /** Oldest first; at most 10,000, the oldest go. */
  readonly lines: readonly LogLine[];
}

export function createMemoryLog(): MemoryLog {
  const lines: LogLine[] = [];
  const add =
    (level: LogLine['level']) =>
    (event: string, fields: Record<string, unknown> = {}): void => {
      lines.push({ level, event, fields: safeLogFields(fields) });
      if (lines.length > LINES_MAX) lines.shift();
    };
  return { lines, debug: add('debug'), info: add('info'), warn: add('warn'), error: add('error') };
}
