/** A file on this machine, which is copied: whatever later happens to the original, the store keeps what was checked. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { messageOf } from '@filon/core/errors';
import { sourceDead } from '@filon/core/model/errors';
import { nothing, type Source } from './source.ts';

const CHUNK_BYTES = 1024 * 1024;

export function createFileSource(address: { text: string; path: string }): Source {
  return {
    text: address.text,
    copies: 1,
    async open(request) {
      const facts = await stat(address.path).catch((error: unknown) => {
        throw sourceDead(address.text, messageOf(error), { cause: error });
      });
      if (!facts.isFile()) throw sourceDead(address.text, 'it is not a file');
      const identity = `${facts.dev}/${facts.ino}/${facts.size}/${facts.mtimeMs}`;
      const startOffset = request.identity === identity ? request.offset : 0;
      const options = { start: startOffset, highWaterMark: CHUNK_BYTES, signal: request.signal };
      // Opened by its reader: an abort before that would be an error that nobody handles.
      const body: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => createReadStream(address.path, options)[Symbol.asyncIterator](),
      };
      return {
        totalBytes: facts.size,
        identity,
        sha256: null,
        startOffset,
        phase: 'downloading',
        body,
        [Symbol.asyncDispose]: nothing,
      };
    },
  };
}
