import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { OperatorPage } from '../panel/operator-page.tsx';
import { NetworkContent } from './network-content.tsx';
import './network.css';

export function NetworkPage(): ReactElement {
  const { nav } = useWords();
  return (
    <OperatorPage title={nav.network}>
      <NetworkContent />
    </OperatorPage>
  );
}
