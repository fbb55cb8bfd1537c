/** Makes seen what a text could hide, and lets through only links that lead out of the page in a known way. */

/** They turn the order of what follows around, so that a reader sees other words than the ones that are there. */
const ORDER_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;
const OTHER_CONTROLS = /(?![\t\n\r])\p{Cc}/gu;

export function visibleText(text: string): string {
  return text
    .replace(ORDER_CONTROLS, (control) => `⟦U+${control.charCodeAt(0).toString(16).toUpperCase()}⟧`)
    .replace(OTHER_CONTROLS, '\uFFFD');
}

const SCHEMES: readonly string[] = ['http:', 'https:', 'mailto:'];

/** null: an address that is not followed: of a script, of data, of a file, or of this page. */
export function outsideLink(address: string | undefined): string | null {
  if (address === undefined || !URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return SCHEMES.includes(protocol) ? href : null;
}
