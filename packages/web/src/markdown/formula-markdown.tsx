/** Markdown with formulas: loaded when the first one is met. */
import type { ReactElement } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import { CodeBlock } from './code-block.tsx';
import { Formula } from './formula.tsx';
import { codeIn, PARTS } from './parts.tsx';

const asItIs = (address: string): string => address;

const FORMULA_PARTS: Components = {
  ...PARTS,
  code: ({ className, children }) =>
    className?.includes('math-inline') ? (
      <Formula tex={String(children)} isAlone={false} />
    ) : (
      <code className={className}>{children}</code>
    ),
  pre: ({ node }) => {
    const { text, language } = codeIn(node);
    return language === 'math' ? (
      <Formula tex={text} isAlone={true} />
    ) : (
      <CodeBlock text={text} language={language} />
    );
  },
};

export function FormulaMarkdown({ text }: { text: string }): ReactElement {
  return (
    <ReactMarkdown
      remarkPlugins={[remarkGfm, [remarkMath, { singleDollarTextMath: false }]]}
      components={FORMULA_PARTS}
      urlTransform={asItIs}
    >
      {text}
    </ReactMarkdown>
  );
}
