/**
 * One formula. KaTeX builds its elements itself: from text, their styles would be what the page's security policy
 * forbids. It follows no links and loads nothing; what it cannot read is shown as it was written.
 */
import katex, { type KatexOptions } from 'katex';
import { type ReactElement, useLayoutEffect, useRef, useState } from 'react';
import 'katex/dist/katex.css';

const OPTIONS: KatexOptions = {
  maxExpand: 500,
  maxSize: 20,
  output: 'htmlAndMathml',
  strict: 'ignore',
  throwOnError: true,
  trust: false,
};
const TEX_CHARACTERS_MAX = 5_000;

export interface FormulaProps {
  tex: string;
  /** On a line of its own. */
  isAlone: boolean;
}

export function Formula({ tex, isAlone }: FormulaProps): ReactElement {
  const place = useRef<HTMLSpanElement>(null);
  const [failedTex, setFailedTex] = useState<string | null>(null);
  const isShown = failedTex !== tex;
  useLayoutEffect(() => {
    if (place.current === null || !isShown) return;
    if (!renderInto(place.current, tex, isAlone)) setFailedTex(tex);
  }, [tex, isAlone, isShown]);
  if (!isShown) return <code>{tex}</code>;
  return <span ref={place} className={isAlone ? 'formula-alone' : 'formula'} />;
}

function renderInto(place: HTMLElement, tex: string, isAlone: boolean): boolean {
  if (tex.length > TEX_CHARACTERS_MAX) return false;
  try {
    katex.render(tex, place, { ...OPTIONS, displayMode: isAlone });
    return true;
  } catch {
    place.textContent = '';
    return false;
  }
}
