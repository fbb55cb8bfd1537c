/** The frame: the side with the conversations, and one of the pages. */
import { lazy, type ReactElement, Suspense, useEffect, useState } from 'react';
import { useWords } from '../i18n/words.ts';
import { preferences } from '../state/preferences.ts';
import { type Route, useRoute } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { ErrorBoundary } from '../ui/error-boundary.tsx';
import { Notice } from '../ui/notice.tsx';
import { OfflineNotice } from './offline-notice.tsx';
import { SidePanel } from './side-panel.tsx';

const ChatPage = lazy(async () => ({ default: (await import('../chat/chat-page.tsx')).ChatPage }));
const ModelsPage = lazy(async () => ({ default: (await import('../models/models-page.tsx')).ModelsPage }));
const NetworkPage = lazy(async () => ({
  default: (await import('../network/network-page.tsx')).NetworkPage,
}));
const TrainingPage = lazy(async () => ({
  default: (await import('../training/training-page.tsx')).TrainingPage,
}));
const StatusPage = lazy(async () => ({ default: (await import('../status/status-page.tsx')).StatusPage }));

export function App(): ReactElement {
  const words = useWords();
  const { language, theme } = useStore(preferences);
  const route = useRoute();
  const [isDrawerOpen, openDrawer] = useState(false);
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset['theme'] = theme;
  }, [language, theme]);
  useEffect(() => {
    document.title = route.page === 'chat' ? 'Filon' : `${words.nav[route.page]} · Filon`;
  }, [route.page, words]);
  return (
    <div className="frame">
      <button type="button" className="skip-link" onClick={focusMain}>
        {words.nav.skip}
      </button>
      <SidePanel route={route} isOpen={isDrawerOpen} onOpen={openDrawer} />
      <div className="frame-main" inert={isDrawerOpen}>
        <OfflineNotice />
        <ErrorBoundary
          resetKey={route.page}
          fallback={() => (
            <main className="page" id="main" tabIndex={-1}>
              <Notice kind="error" text={words.nav.broken}>
                <button type="button" className="button" onClick={() => location.reload()}>
                  {words.nav.reload}
                </button>
              </Notice>
            </main>
          )}
        >
          <Suspense fallback={<p className="page quiet">{words.nav.loading}</p>}>
            <Page route={route} />
          </Suspense>
        </ErrorBoundary>
      </div>
    </div>
  );
}

function Page({ route }: { route: Route }): ReactElement {
  if (route.page === 'models') return <ModelsPage />;
  if (route.page === 'training') return <TrainingPage run={route.run} />;
  if (route.page === 'network') return <NetworkPage />;
  if (route.page === 'status') return <StatusPage />;
  return <ChatPage conversationId={route.conversation} />;
}

function focusMain(): void {
  document.querySelector('main')?.focus();
}
