/**
 * Brings the ways in which models write formulas into the one that the Markdown reader knows, `$$`. A single dollar
 * counts only where it cannot be money: `$x$`, not `$5 and $10`.
 */

/** Of bounded length, so that marks without an end cost no more than reading on. */
const ALONE = /^([ \t]*)(?:\\\[([\s\S]{1,2000}?)\\\]|\$\$([^\n]{1,2000}?)\$\$)[ \t]*$/gm;
/** Code first, so that nothing in it is touched; then what is a formula already. */
const INLINE = new RegExp(
  [
    /(`+)[^`][\s\S]{0,2000}?\1(?!`)/,
    /\$\$[\s\S]{1,2000}?\$\$/,
    /\\\(([\s\S]{1,2000}?)\\\)/,
    /\\\[([\s\S]{1,2000}?)\\\]/,
    /(?<![\\$\w])\$(?![\s$])([^$\n]{0,500}?[^\s$\\])\$(?![\d$])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);
/** `5 to 10` between two dollars: words after an amount, and nothing that reckons. */
const MONEY = /^\d[\d.,]*\s[^\\^_={}+*/<>-]*$/;

export function withFormulas(markdown: string): string {
  if (!/\$|\\[([]/.test(markdown)) return markdown;
  return markdown
    .replace(ALONE, (_, indent: string, bracketed?: string, dollars?: string) => {
      const lines = (bracketed ?? dollars ?? '').trim().split('\n');
      return ['$$', ...lines.map((line) => line.trim()), '$$'].map((line) => indent + line).join('\n');
    })
    .replace(INLINE, (all: string, _ticks?: string, round?: string, square?: string, single?: string) => {
      const formula = round ?? square ?? single;
      const isMoney = single !== undefined && MONEY.test(single);
      return formula === undefined || isMoney ? all : `$$${formula.trim()}$$`;
    });
}

export function hasFormula(markdown: string): boolean {
  return markdown.includes('$$');
}
