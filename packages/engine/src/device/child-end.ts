/** The end of a child process with a channel. */
import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';

/**
 * Resolves with how it ended (exit code, signal, or why it was not started), when it has exited and its channel is read to
 * the end: 'exit' may come before what it sent last.
 */
export async function endOf(child: EventEmitter & Pick<ChildProcess, 'connected'>): Promise<string> {
  const how = await new Promise<string>((resolve) => {
    child.on('error', (error: Error) => resolve(error.message));
    child.on('exit', (code: number | null, killedBy: NodeJS.Signals | null) =>
      resolve(killedBy ?? String(code)),
    );
  });
  if (child.connected) await new Promise<void>((resolve) => child.on('disconnect', () => resolve()));
  return how;
}
