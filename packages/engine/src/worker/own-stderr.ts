/**
 * Takes the place of `process.stderr`. Node's own stream makes the pipe non-blocking for the whole process: native code
 * then loses what does not fit at that moment, and with it the reason of a failure. Preloaded, because importing
 * `node:util` is enough to open it.
 */
import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

const STDERR = 2;

const stream: Writable = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    try {
      writeSync(STDERR, chunk);
    } catch {
      // The node is gone, and this process is about to follow.
    }
    done();
  },
});
Object.defineProperty(process, 'stderr', { value: stream, configurable: true, enumerable: true });
