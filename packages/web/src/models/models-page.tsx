import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';

export function ModelsPage(): ReactElement {
  const words = useWords();
  return (
    <main className="page">
      <h1>{words.nav.models}</h1>
      <p>{words.nav.soon}</p>
    </main>
  );
}
