/** Markdown with formulas: loaded when the first one is met. */
import type { ReactElement } from 'react';
import ReactMarkdown from 'react-markdown';
import rehypeKatex, { type Options } from 'rehype-katex';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import { PARTS } from './parts.tsx';
import 'katex/dist/katex.css';

const KATEX: Options = { maxExpand: 500, maxSize: 20, output: 'htmlAndMathml', strict: 'ignore' };
const asItIs = (address: string): string => address;

export function FormulaMarkdown({ text }: { text: string }): ReactElement {
  return (
    <ReactMarkdown
      remarkPlugins={[remarkGfm, [remarkMath, { singleDollarTextMath: false }]]}
      rehypePlugins={[[rehypeKatex, KATEX]]}
      components={PARTS}
      urlTransform={asItIs}
    >
      {text}
    </ReactMarkdown>
  );
}
