/** Code as it was written, with its language and a button that copies it. */
import { type MemoExoticComponent, memo, type ReactElement, useMemo } from 'react';
import { useWords } from '../i18n/words.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { ScrollBox } from '../ui/scroll-box.tsx';
import { markedCode } from './code-marks.ts';

const LANGUAGE_CHARACTERS_MAX = 24;

export interface CodeBlockProps {
  text: string;
  language: string;
}

export const CodeBlock: MemoExoticComponent<(props: CodeBlockProps) => ReactElement> = memo(
  function CodeBlock({ text, language }) {
    const words = useWords();
    return (
      <figure className="code-block">
        <figcaption>
          <span>{language.slice(0, LANGUAGE_CHARACTERS_MAX)}</span>
          <CopyButton text={text} label={words.chat.answer.copyCode} />
        </figcaption>
        <ScrollBox className="code-text" label={words.chat.answer.code}>
          <pre dir="ltr">
            <MarkedCode text={text} language={language} />
          </pre>
        </ScrollBox>
      </figure>
    );
  },
);

function MarkedCode({ text, language }: CodeBlockProps): ReactElement {
  const pieces = useMemo(() => markedCode(text, language), [text, language]);
  return (
    <code>
      {pieces.map(({ at, text: piece, mark }) =>
        mark === null ? (
          piece
        ) : (
          <span key={at} className={`mark-${mark}`}>
            {piece}
          </span>
        ),
      )}
    </code>
  );
}
