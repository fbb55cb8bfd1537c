import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { OperatorPage } from '../panel/operator-page.tsx';
import { ModelsContent } from './models-content.tsx';
import './models.css';

export function ModelsPage(): ReactElement {
  const { nav } = useWords();
  return (
    <OperatorPage title={nav.models}>
      <ModelsContent />
    </OperatorPage>
  );
}
