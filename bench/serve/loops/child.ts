/** A child process of the bench: opens the loop that it is told to, does the work that it is given, one at a time. */
import { messageOf } from '@filon/core/errors';
import type { FromLoop, Loop, LoopStart, ToLoop } from './protocol.ts';

const send = (message: FromLoop): void => {
  if (process.connected) process.send?.(message);
};

async function open(start: LoopStart): Promise<Loop> {
  if (start.kind === 'bare') return (await import('./bare.ts')).openBareLoop(start);
  return (await import('./engine.ts')).openEngineLoop(start);
}

process.on('disconnect', () => process.exit(0));
// The bench decides when its children end.
process.on('SIGINT', () => undefined);
try {
  const loop = await open(JSON.parse(process.argv[2] ?? '{}') as LoopStart);
  process.on('message', (message: ToLoop) => {
    loop.run(message.work).then(
      (answers) => send({ kind: 'done', answers }),
      (error: unknown) => send({ kind: 'failed', message: messageOf(error) }),
    );
  });
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'failed', message: messageOf(error) });
}
