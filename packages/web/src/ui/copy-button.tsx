import { type ReactElement, useEffect, useState } from 'react';
import { useWords } from '../i18n/words.ts';
import { Icon } from './icon.tsx';

const SHOWN_MS = 1_500;

/** `label`: what is copied, for those who do not see where the button stands. */
export function CopyButton({ text, label }: { text: string; label: string }): ReactElement {
  const words = useWords();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => setCopied(await copyText(text));
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span className="sr-only" role="status">
        {isCopied ? words.common.copied : ''}
      </span>
    </button>
  );
}

/** Browsers give the clipboard to secure addresses only; the older way works for a node in the house, too. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr-only';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
