/** Which files of the built page come before the chat can be used: everything but formulas, PDF and the other pages. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface LoadedFile {
  name: string;
  gzipBytes: number;
}

const LATER = /^(formula-markdown|pdf-worker|models-page|network-page|status-page|mark)-/;
const ASSET = /[\w-]+-[\w-]{8}\.(?:js|css)/g;

export async function firstLoadOf(folder: string): Promise<LoadedFile[]> {
  const found = new Map<string, LoadedFile>([['index.html', await sized(folder, 'index.html')]]);
  const queue = [...(await readFile(join(folder, 'index.html'), 'utf8')).matchAll(ASSET)].map(
    ([name]) => name,
  );
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (found.has(name) || LATER.test(name)) continue;
    found.set(name, await sized(join(folder, 'assets'), name));
    const text = await readFile(join(folder, 'assets', name), 'utf8');
    queue.push(...[...text.matchAll(ASSET)].map(([asset]) => asset));
  }
  return [...found.values()];
}

async function sized(folder: string, name: string): Promise<LoadedFile> {
  return { name, gzipBytes: (await stat(join(folder, `${name}.gz`))).size };
}
