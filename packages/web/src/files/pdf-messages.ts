/** What the page and its reader of PDF files say to one another. */

export const PDF_MARK = 'filon-pdf';

export interface PdfQuestion {
  mark: typeof PDF_MARK;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One of the two is null. */
export interface PdfAnswer {
  mark: typeof PDF_MARK;
  text: string | null;
  reason: string | null;
}

export function isPdfQuestion(data: unknown): data is PdfQuestion {
  return isMarked(data) && 'bytes' in data;
}

export function isPdfAnswer(data: unknown): data is PdfAnswer {
  return isMarked(data) && 'reason' in data;
}

function isMarked(data: unknown): data is object {
  return typeof data === 'object' && data !== null && 'mark' in data && data.mark === PDF_MARK;
}
