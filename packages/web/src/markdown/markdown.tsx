/**
 * Shows a model's text. It never becomes live HTML: tags are shown as text, links lead only outside and only by known
 * schemes, images are links that nobody follows by themselves.
 */
import { lazy, memo, type ReactElement, Suspense, useMemo } from 'react';
import { ErrorBoundary } from '../ui/error-boundary.tsx';
import { blocksOf, plainPieces } from './blocks.ts';
import { CodeBlock } from './code-block.tsx';
import { hasFormula, withFormulas } from './formulas.ts';
import { PlainMarkdown } from './plain-markdown.tsx';
import { visibleText } from './safe-text.ts';

const FormulaMarkdown = lazy(async () => ({
  default: (await import('./formula-markdown.tsx')).FormulaMarkdown,
}));

export function Markdown({ text }: { text: string }): ReactElement {
  const { blocks, definitions } = useMemo(() => blocksOf(visibleText(text)), [text]);
  return (
    <div className="markdown" dir="auto">
      {blocks.map((block, index) => {
        const key = `${block.kind} ${index}`;
        if (block.kind === 'code') return <CodeBlock key={key} text={block.text} language={block.language} />;
        if (block.kind === 'plain') return <PlainBlock key={key} text={block.text} />;
        return (
          <ErrorBoundary key={key} resetKey={block.text} fallback={() => <PlainBlock text={block.text} />}>
            <MarkdownBlock text={block.text} definitions={definitions} />
          </ErrorBoundary>
        );
      })}
    </div>
  );
}

interface MarkdownBlockProps {
  text: string;
  definitions: string;
}

const MarkdownBlock = memo(function MarkdownBlock({ text, definitions }: MarkdownBlockProps): ReactElement {
  const refers = definitions !== '' && text.includes('[');
  const whole = withFormulas(refers ? `${text}\n\n${definitions}` : text);
  if (!hasFormula(whole)) return <PlainMarkdown text={whole} />;
  return (
    <Suspense fallback={<PlainMarkdown text={whole} />}>
      <FormulaMarkdown text={whole} />
    </Suspense>
  );
});

/** In pieces that the browser lays out only when they are seen. */
const PlainBlock = memo(function PlainBlock({ text }: { text: string }): ReactElement {
  return (
    <div className="plain-block">
      {plainPieces(text).map((piece) => (
        <div key={piece.at}>{piece.text}</div>
      ))}
    </div>
  );
});
