/** Reads a file that somebody attaches, in the browser: its text is all that leaves it. */
import { FilonError, messageOf } from '@filon/core/errors';
import type { Attachment } from '../conversation/message.ts';
import type { FileErrorDetails } from './errors.ts';
import { isPdfAnswer, PDF_MARK, type PdfQuestion } from './pdf-messages.ts';
import { textOfBytes } from './text-of-bytes.ts';

export const FILES_MAX = 8;
export const FILE_BYTES_MAX = 20_000_000;
export const FILE_CHARACTERS_MAX = 400_000;
/** A PDF may be made so that reading it never ends. */
const PDF_TIMEOUT_MS = 60_000;

/** Codes: WEB_FILE_TOO_LARGE, WEB_FILE_NOT_TEXT, WEB_FILE_EMPTY, WEB_FILE_UNREADABLE. */
export async function readAttachment(file: File): Promise<Attachment> {
  const { name } = file;
  if (file.size > FILE_BYTES_MAX)
    throw refusal({ code: 'WEB_FILE_TOO_LARGE', name, bytesMax: FILE_BYTES_MAX });
  const bytes = await bytesOf(file);
  const isPdf = file.type === 'application/pdf' || startsAsPdf(bytes);
  const text = isPdf ? await pdfText(bytes, name) : textOfBytes(bytes);
  if (text === null) throw refusal({ code: 'WEB_FILE_NOT_TEXT', name });
  const whole = text.trim().toWellFormed();
  if (whole === '') throw refusal({ code: 'WEB_FILE_EMPTY', name });
  const leftOut = whole.length - FILE_CHARACTERS_MAX;
  return {
    name,
    text: leftOut > 0 ? whole.slice(0, FILE_CHARACTERS_MAX).toWellFormed() : whole,
    leftOutCharacters: leftOut > 0 ? leftOut : null,
  };
}

async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw refusal({ code: 'WEB_FILE_UNREADABLE', name: file.name, reason: messageOf(error) });
  }
}

function startsAsPdf(bytes: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(bytes.subarray(0, 5)) === '%PDF-';
}

/** In a worker of its own, so that a large file does not hold the page up and a bad one can be left. */
function pdfText(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<string> {
  const worker = new Worker(new URL('./pdf-worker.ts', import.meta.url), { type: 'module' });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (reason: string): void => reject(refusal({ code: 'WEB_FILE_UNREADABLE', name, reason }));
  const timer = setTimeout(() => fail(`not read after ${PDF_TIMEOUT_MS} ms`), PDF_TIMEOUT_MS);
  worker.onerror = (event) => fail(event.message);
  worker.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (!isPdfAnswer(data)) return;
    if (data.text !== null) resolve(data.text);
    else fail(data.reason ?? '');
  };
  worker.postMessage({ mark: PDF_MARK, bytes } satisfies PdfQuestion, [bytes.buffer]);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.terminate();
  });
}

function refusal(details: FileErrorDetails): FilonError<FileErrorDetails> {
  return new FilonError(details, `${details.name} cannot be attached (${details.code})`);
}
