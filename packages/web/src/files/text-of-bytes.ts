/** Bytes of a text file as text, or null when they are something else. */

const UTF16_MARKS: readonly { mark: readonly number[]; encoding: string }[] = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
];
/** Of the characters at the beginning, as many may be ones that no text has. */
const ODD_SHARE_MAX = 0.01;
const LOOKED_AT = 4_096;

/** Old tables are in Windows' own encoding; whatever is not UTF-8 is taken for that. */
export function textOfBytes(bytes: Uint8Array): string | null {
  const marked = UTF16_MARKS.find(({ mark }) => mark.every((value, index) => bytes[index] === value));
  const text = marked ? new TextDecoder(marked.encoding).decode(bytes) : decode(bytes);
  const head = text.slice(0, LOOKED_AT);
  const odd = head.match(/[^\P{Cc}\t\n\r\f]/gu)?.length ?? 0;
  return odd > head.length * ODD_SHARE_MAX ? null : text.replaceAll('\r\n', '\n');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
