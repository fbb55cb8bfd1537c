/**
 * The text of a PDF, page by page. The reader inside has messages of its own with whoever started a worker, so ours have
 * a mark.
 */
import { messageOf } from '@filon/core/errors';
import { extractText, getDocumentProxy } from 'unpdf';
import { isPdfQuestion, PDF_MARK, type PdfAnswer } from './pdf-messages.ts';

addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isPdfQuestion(data)) return;
  textOf(data.bytes).then(
    (text) => answer({ mark: PDF_MARK, text, reason: null }),
    (error: unknown) => answer({ mark: PDF_MARK, text: null, reason: messageOf(error) }),
  );
});

function answer(message: PdfAnswer): void {
  postMessage(message);
}

async function textOf(bytes: Uint8Array): Promise<string> {
  const document = await getDocumentProxy(bytes);
  const { text } = await extractText(document, { mergePages: false });
  return text.map((page) => page.trim()).join('\n\n');
}
