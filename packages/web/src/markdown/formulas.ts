/**
 * Brings the ways in which models write formulas into the one that the Markdown reader knows, `$$`. A single dollar
 * counts only where it cannot be money: `$x$`, not `$5 and $10`.
 */

const ALONE = /^([ \t]*)(?:\\\[([\s\S]+?)\\\]|\$\$([^\n]+?)\$\$)[ \t]*$/gm;
/** Code first, so that nothing in it is touched; then what is a formula already. */
const INLINE =
  /(`+)[^`][\s\S]*?\1(?!`)|\$\$[\s\S]+?\$\$|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]|(?<![\\$\w])\$(?![\s$])([^$\n]*?[^\s$\\])\$(?![\d$])/g;

export function withFormulas(markdown: string): string {
  if (!/\$|\\[([]/.test(markdown)) return markdown;
  return markdown
    .replace(ALONE, (_, indent: string, bracketed?: string, dollars?: string) => {
      const lines = (bracketed ?? dollars ?? '').trim().split('\n');
      return ['$$', ...lines.map((line) => line.trim()), '$$'].map((line) => indent + line).join('\n');
    })
    .replace(INLINE, (all: string, _ticks?: string, round?: string, square?: string, single?: string) => {
      const formula = round ?? square ?? single;
      return formula === undefined ? all : `$$${formula.trim()}$$`;
    });
}

export function hasFormula(markdown: string): boolean {
  return markdown.includes('$$');
}
