import { type ReactElement, useSyncExternalStore } from 'react';
import { useWords } from '../i18n/words.ts';
import { Notice } from '../ui/notice.tsx';

/** A node on this very machine is reached without a network, so this says what is known and no more. */
export function OfflineNotice(): ReactElement | null {
  const online = useSyncExternalStore(watchOnline, () => navigator.onLine);
  const words = useWords();
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname);
  return online || isLocal ? null : <Notice kind="info" text={words.nav.offline} />;
}

function watchOnline(onChange: () => void): () => void {
  addEventListener('online', onChange);
  addEventListener('offline', onChange);
  return () => {
    removeEventListener('online', onChange);
    removeEventListener('offline', onChange);
  };
}
