/**
 * The built page, read from its folder at each request: a file is small, asked for once a build, and a build made while
 * the node runs is seen at once.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PAGE_HEADERS } from './policy.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
/** A name of a built asset has its hash in it and never stands for anything else. */
const FOREVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';
const ASSET_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** `folder`: what `vite build` made. null: there is no such asset. */
export function assetResponse(folder: string, name: string, headers: Headers): Promise<Response | null> {
  if (!ASSET_NAME.test(name)) return Promise.resolve(null);
  return fileResponse({ path: join(folder, 'assets', name), cache: FOREVER }, headers);
}

/** null: nothing was built. */
export function pageResponse(folder: string, headers: Headers): Promise<Response | null> {
  return fileResponse({ path: join(folder, 'index.html'), cache: ASK_AGAIN }, headers);
}

async function fileResponse(
  { path, cache }: { path: string; cache: string },
  asked: Headers,
): Promise<Response | null> {
  const type = TYPES[extname(path)];
  if (type === undefined) return null;
  const takesGzip = /\bgzip\b/.test(asked.get('accept-encoding') ?? '');
  const small = takesGzip ? await readOrNull(`${path}.gz`) : null;
  const bytes = small ?? (await readOrNull(path));
  if (bytes === null) return null;
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const headers: Record<string, string> = {
    ...PAGE_HEADERS,
    'content-type': type,
    'cache-control': cache,
    vary: 'accept-encoding',
    etag,
  };
  if (asked.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  if (small !== null) headers['content-encoding'] = 'gzip';
  return new Response(bytes, { headers });
}

async function readOrNull(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return null;
    throw error;
  }
}
