import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { OperatorPage } from '../panel/operator-page.tsx';
import { StatusContent } from './status-content.tsx';
import './status.css';

export function StatusPage(): ReactElement {
  const { nav } = useWords();
  return (
    <OperatorPage title={nav.status}>
      <StatusContent />
    </OperatorPage>
  );
}
