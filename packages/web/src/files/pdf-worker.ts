/** The text of a PDF, page by page. */
import { messageOf } from '@filon/core/errors';
import { extractText, getDocumentProxy } from 'unpdf';

addEventListener('message', ({ data }: MessageEvent<Uint8Array>) => {
  textOf(data).then(
    (text) => postMessage({ text }),
    (error: unknown) => postMessage({ reason: messageOf(error) }),
  );
});

async function textOf(bytes: Uint8Array): Promise<string> {
  const document = await getDocumentProxy(bytes);
  const { text } = await extractText(document, { mergePages: false });
  return text.map((page) => page.trim()).join('\n\n');
}
