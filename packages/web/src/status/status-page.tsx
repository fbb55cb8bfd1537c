import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';

export function StatusPage(): ReactElement {
  const words = useWords();
  return (
    <main className="page">
      <h1>{words.nav.status}</h1>
      <p>{words.nav.soon}</p>
    </main>
  );
}
