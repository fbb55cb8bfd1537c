/** Markdown without formulas. */
import type { ReactElement } from 'react';
import ReactMarkdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { PARTS } from './parts.tsx';

const PLUGINS = [remarkGfm];
/** Each part decides on its own address. */
const asItIs = (address: string): string => address;

export function PlainMarkdown({ text }: { text: string }): ReactElement {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={PARTS} urlTransform={asItIs}>
      {text}
    </ReactMarkdown>
  );
}
