/** The frame of a page for operators: its title, and how to get in for everybody else. */
import type { ReactElement, ReactNode } from 'react';
import { useWords } from '../i18n/words.ts';
import { FailureNotice } from './failure-notice.tsx';
import { LoginHelp } from './login-help.tsx';
import { readSession } from './panel-api.ts';
import './panel.css';
import { failureOf, isShutOut } from './panel-words.ts';
import { usePolled } from './use-polled.ts';

/** Somebody may be logging in beside this page, or out. */
const SESSION_EVERY_MS = 5000;

export function OperatorPage({ title, children }: { title: string; children: ReactNode }): ReactElement {
  const session = usePolled(readSession, SESSION_EVERY_MS);
  const { nav } = useWords();
  const isOut = session.value?.control === false || isShutOut(session.failure);
  return (
    <main className="page panel-page" id="main" tabIndex={-1}>
      <h1>{title}</h1>
      {isOut ? <LoginHelp /> : null}
      {!isOut && session.value === null && session.failure === null ? (
        <p className="quiet">{nav.loading}</p>
      ) : null}
      {!isOut && session.value === null && session.failure !== null ? (
        <FailureNotice failure={failureOf(session.failure)} isNews />
      ) : null}
      {!isOut && session.value !== null ? children : null}
    </main>
  );
}
