/**
 * Cuts Markdown where its parts stand on their own, so that a text that grows is read again only at its end. Code that
 * is not in a list is taken out as it is.
 */

export type Block =
  | { kind: 'code'; language: string; text: string }
  | { kind: 'markdown'; text: string }
  /** Too long, or too deep, to be worth reading as Markdown. */
  | { kind: 'plain'; text: string };

export interface Blocks {
  blocks: Block[];
  /** Link definitions of the whole text, which any block may refer to. */
  definitions: string;
}

/** Of one block: a longer one costs more time at each piece that arrives than a reader would wait for. */
export const BLOCK_CHARACTERS_MAX = 20_000;

const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*$/;
const LIST_ITEM = /^ {0,3}([-+*]|\d{1,9}[.)])([ \t]|$)/;
const CONTINUED = /^([-+*]|\d{1,9}[.)]|>|\[\^)/;
/** Quotes and lists in one another, deeper than anybody reads, and than a browser can draw. */
const TOO_DEEP = /^[ \t]*(?:(?:>|(?:[-+*]|\d{1,9}[.)])[ \t])[ \t]*){24}/m;
/** Of emphasis in emphasis: the reader and the browser go down once a level, and a stack ends. */
const EMPHASIS_DEPTH_MAX = 100;
const DEFINITION = /^ {0,3}\[(?!\^)[^\]\n]{1,200}\]:[ \t]*\S.*$/gm;
const MATH_FENCE = /^\s*\$\$/;

interface Cutter {
  blocks: Block[];
  lines: string[];
  /** Empty lines that belong to the block only if it goes on after them. */
  blanks: string[];
  fence: { mark: string; language: string } | null;
  isMath: boolean;
}

export function blocksOf(markdown: string): Blocks {
  const cutter: Cutter = { blocks: [], lines: [], blanks: [], fence: null, isMath: false };
  for (const line of markdown.split('\n')) takeLine(cutter, line);
  if (cutter.fence !== null) flushCode(cutter, cutter.fence.language);
  else flush(cutter);
  return { blocks: cutter.blocks, definitions: definitionsIn(cutter.blocks) };
}

function takeLine(cutter: Cutter, line: string): void {
  if (cutter.fence !== null) takeCode(cutter, line, cutter.fence);
  else if (cutter.isMath) {
    cutter.lines.push(line);
    cutter.isMath = !line.includes('$$');
  } else takeMarkdown(cutter, line);
}

function takeMarkdown(cutter: Cutter, line: string): void {
  const fence = FENCE.exec(line);
  if (fence !== null && (fence[1] === '' || !isContinued(cutter, line))) {
    flush(cutter);
    cutter.fence = { mark: fence[2] ?? '', language: fence[3] ?? '' };
    return;
  }
  if (line.trim() === '') {
    if (cutter.lines.length > 0) cutter.blanks.push(line);
    return;
  }
  if (cutter.blanks.length > 0 && !isContinued(cutter, line)) flush(cutter);
  cutter.lines.push(...cutter.blanks, line);
  cutter.blanks = [];
  cutter.isMath = MATH_FENCE.test(line) && line.split('$$').length % 2 === 0;
}

function takeCode(
  cutter: Cutter,
  line: string,
  { mark, language }: { mark: string; language: string },
): void {
  const end = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
  if (end?.startsWith(mark)) flushCode(cutter, language);
  else cutter.lines.push(line);
}

/** Whether a line after an empty one still belongs to the list, quote or indented code before it. */
function isContinued({ lines }: Cutter, line: string): boolean {
  const first = lines[0];
  if (first === undefined) return false;
  if (/^ {4}/.test(first)) return /^ {4}/.test(line);
  if (!CONTINUED.test(first.trimStart())) return false;
  return /^( {2,}|\t)/.test(line) || (LIST_ITEM.test(first) && LIST_ITEM.test(line));
}

function flush(cutter: Cutter): void {
  const text = cutter.lines.join('\n');
  if (text !== '') {
    const isPlain =
      text.length > BLOCK_CHARACTERS_MAX || TOO_DEEP.test(text) || emphasisDepth(text) > EMPHASIS_DEPTH_MAX;
    const kind = isPlain ? 'plain' : 'markdown';
    cutter.blocks.push({ kind, text });
  }
  clear(cutter);
}

/** About: marks that can only open, less those that can close. */
function emphasisDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const { 0: mark, index } of text.matchAll(/[*_~]+/g)) {
    const before = text.charAt(index - 1);
    const after = text.charAt(index + mark.length);
    const closes = /\S/.test(before) && (!/[\p{L}\p{N}]/u.test(after) || /[\p{L}\p{N}]/u.test(before));
    if (closes && depth > 0) depth -= 1;
    else if (/\S/.test(after)) depth += 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function flushCode(cutter: Cutter, language: string): void {
  cutter.blocks.push({ kind: 'code', language, text: cutter.lines.join('\n') });
  clear(cutter);
}

/** Of text that is not read as Markdown; no character is cut in two. */
export function plainPieces(text: string): { at: number; text: string }[] {
  return [...text.matchAll(/[\s\S]{1,4000}/gu)].map(({ 0: piece, index }) => ({ at: index, text: piece }));
}

function clear(cutter: Cutter): void {
  cutter.lines = [];
  cutter.blanks = [];
  cutter.fence = null;
  cutter.isMath = false;
}

function definitionsIn(blocks: readonly Block[]): string {
  const found = blocks.flatMap(({ kind, text }) =>
    kind === 'markdown' ? (text.match(DEFINITION) ?? []) : [],
  );
  return found.join('\n');
}
