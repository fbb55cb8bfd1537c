/**
 * Text of PDF files by PDF.js (unpdf's build of it), in a thread with limits on time and memory: a PDF may come from
 * anybody, and a small one can keep a reader busy for ever. Scanned pages have no text, and give none.
 */
import { Worker } from 'node:worker_threads';
import { messageOf } from '@filon/core/errors';
import { fileInvalid } from '@filon/core/training/data/errors';
import type { PdfReply } from './pdf-thread.ts';

const HEAP_MB = 512;
/** From one page to the next. */
export const PAGE_MS_MAX = 30_000;

export async function* pdfPages(
  file: { name: string; path: string },
  signal: AbortSignal,
): AsyncGenerator<string> {
  signal.throwIfAborted();
  const thread = new Worker(new URL('./pdf-thread.ts', import.meta.url), {
    execArgv: [],
    workerData: { path: file.path },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 32 },
    stdout: true,
    stderr: true,
  });
  try {
    for (;;) {
      const reply = await nextReply(file.name, thread, signal);
      if (reply.kind === 'end') return;
      if (reply.kind === 'fault') throw fileInvalid(file.name, { line: null, reason: reply.reason });
      yield reply.text;
      thread.postMessage('next');
    }
  } finally {
    await thread.terminate();
  }
}

async function nextReply(name: string, thread: Worker, signal: AbortSignal): Promise<PdfReply> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<PdfReply>();
  const fail = (reason: string): void => reject(fileInvalid(name, { line: null, reason }));
  const timer = setTimeout(() => fail(`no page came in ${PAGE_MS_MAX} ms`), PAGE_MS_MAX);
  const died = (error: unknown): void => fail(`its reader failed: ${messageOf(error)}`);
  const ended = (): void => fail('its reader ended');
  const aborted = (): void => reject(signal.reason);
  thread.once('message', resolve).once('error', died).once('exit', ended);
  signal.addEventListener('abort', aborted, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    thread.off('message', resolve).off('error', died).off('exit', ended);
    signal.removeEventListener('abort', aborted);
  });
}
