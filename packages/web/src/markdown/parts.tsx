/**
 * How the parts of a model's Markdown are shown. Headings are all of one level, below those of the page: a
 * model may begin with any, and a level that is left out is one that a screen reader looks for.
 */
import type { ReactElement, ReactNode } from 'react';
import type { Components } from 'react-markdown';
import { useWords } from '../i18n/words.ts';
import { ScrollBox } from '../ui/scroll-box.tsx';
import { CodeBlock } from './code-block.tsx';
import { outsideLink } from './safe-text.ts';

export const PARTS: Components = {
  h1: ({ children }) => <h3 className="level-1">{children}</h3>,
  h2: ({ children }) => <h3 className="level-2">{children}</h3>,
  h3: ({ children }) => <h3>{children}</h3>,
  h4: ({ children }) => <h3>{children}</h3>,
  h5: ({ children }) => <h3>{children}</h3>,
  h6: ({ children }) => <h3>{children}</h3>,
  input: ({ checked }) => <Done isDone={checked === true} />,
  a: ({ href, children }) => <OutsideLink address={href}>{children}</OutsideLink>,
  img: ({ src, alt }) => (
    <OutsideLink address={typeof src === 'string' ? src : undefined}>{alt || src}</OutsideLink>
  ),
  pre: ({ node }) => <CodeBlock {...codeIn(node)} />,
  table: ({ children }) => <ScrolledTable>{children}</ScrolledTable>,
};

/** An entry of a list of things to do. */
function Done({ isDone }: { isDone: boolean }): ReactElement {
  const words = useWords().chat.answer;
  return (
    <span className="done" role="img" aria-label={isDone ? words.done : words.notDone}>
      {isDone ? '☑' : '☐'}
    </span>
  );
}

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
