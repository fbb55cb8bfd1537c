/** The thread that reads one PDF, a page at each asking. It may be ended at any time. */
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '@filon/core/errors';
import { getDocumentProxy } from 'unpdf';

export type PdfReply = { kind: 'page'; text: string } | { kind: 'end' } | { kind: 'fault'; reason: string };

/** Read whole: PDF.js wants all of it. */
const PDF_BYTES_MAX: number = 64 * 1024 * 1024;

const port = parentPort;
const { path } = workerData as { path: string };

async function* pages(): AsyncGenerator<PdfReply> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > PDF_BYTES_MAX) {
      yield { kind: 'fault', reason: `it has ${bytes.length} bytes; at most ${PDF_BYTES_MAX} are read` };
      return;
    }
    const document = await getDocumentProxy(new Uint8Array(bytes));
    for (let number = 1; number <= document.numPages; number++) {
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
      yield { kind: 'page', text };
      page.cleanup();
    }
    yield { kind: 'end' };
  } catch (error) {
    yield { kind: 'fault', reason: messageOf(error) };
  }
}

const replies = pages();
const sendNext = async (): Promise<void> => {
  const { value } = await replies.next();
  if (value !== undefined) port?.postMessage(value);
};
port?.on('message', () => void sendNext());
void sendNext();
