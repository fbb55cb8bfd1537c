import type { ReactElement, ReactNode } from 'react';
import { Icon } from '../ui/icon.tsx';
import { type Failure, failureText, usePanelWords } from './panel-words.ts';

export interface FailureNoticeProps {
  failure: Failure;
  /** Said before what happened, e.g. which download. */
  about?: string;
  /** Announced at once; not for what was there before the page. */
  isNews?: boolean;
  children?: ReactNode;
}

/** What failed in the reader's language, and what the node said beside it. */
export function FailureNotice({ failure, about, isNews, children }: FailureNoticeProps): ReactElement {
  const words = usePanelWords();
  const text = failureText(words, failure);
  const tellsMore = text !== null && failure.message !== '' && !failure.code.startsWith('WEB_');
  return (
    <div className="notice notice-error" role={isNews === true ? 'alert' : undefined}>
      <Icon name="warning" />
      <div className="failure-text">
        {about === undefined ? null : <strong>{about}</strong>}
        <p>{text ?? <span lang="en">{failure.message}</span>}</p>
        {tellsMore ? (
          <p className="quiet small" lang="en">
            {failure.message}
          </p>
        ) : null}
      </div>
      {children}
    </div>
  );
}
