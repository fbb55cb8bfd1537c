/** What a screen reader is told while an answer comes: whole sentences, without marks of Markdown. */

const ENDS = /[.!?…:。！？](?=["'”’)\]*_]*\s)|\n/g;

/** Where the last sentence that is whole ends, counted from the beginning; `from` where none has ended since. */
export function sentencesEnd(text: string, from: number): number {
  let end = from;
  for (const match of text.slice(from).matchAll(ENDS)) end = from + match.index + match[0].length;
  return end;
}

export function spokenText(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*_#>|~]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
