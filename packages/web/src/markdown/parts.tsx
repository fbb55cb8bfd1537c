/** How the parts of a model's Markdown are shown. Headings go below those of the page. */
import type { ReactElement, ReactNode } from 'react';
import type { Components } from 'react-markdown';
import { useWords } from '../i18n/words.ts';
import { ScrollBox } from '../ui/scroll-box.tsx';
import { CodeBlock } from './code-block.tsx';
import { outsideLink } from './safe-text.ts';

export const PARTS: Components = {
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h5>{children}</h5>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  a: ({ href, children }) => <OutsideLink address={href}>{children}</OutsideLink>,
  img: ({ src, alt }) => (
    <OutsideLink address={typeof src === 'string' ? src : undefined}>{alt || src}</OutsideLink>
  ),
  pre: ({ node }) => <CodeBlock {...codeIn(node)} />,
  table: ({ children }) => <ScrolledTable>{children}</ScrolledTable>,
};

function OutsideLink({
  address,
  children,
}: {
  address: string | undefined;
  children: ReactNode;
}): ReactElement {
  const href = outsideLink(address);
  if (href === null) return <span>{children}</span>;
  return (
    <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function ScrolledTable({ children }: { children: ReactNode }): ReactElement {
  const words = useWords();
  return (
    <ScrollBox className="table-box" label={words.chat.answer.table}>
      <table>{children}</table>
    </ScrollBox>
  );
}

interface Node {
  children?: unknown[];
}

/** The text and language of the one `code` that a `pre` has. */
export function codeIn(node: Node | undefined): { text: string; language: string } {
  const code = node?.children?.[0];
  if (typeof code !== 'object' || code === null) return { text: '', language: '' };
  const { children, properties } = code as {
    children?: { value?: string }[];
    properties?: { className?: string[] };
  };
  const name = properties?.className?.find((one) => one.startsWith('language-'));
  const text = (children ?? []).map(({ value }) => value ?? '').join('');
  return { text: text.replace(/\n$/, ''), language: name?.slice('language-'.length) ?? '' };
}
