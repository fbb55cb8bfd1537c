/** A line that says what happened and, as its children, what can be done. */
import type { ReactElement, ReactNode } from 'react';
import { Icon } from './icon.tsx';

export interface NoticeProps {
  kind: 'info' | 'error';
  text: string;
  children?: ReactNode;
}

export function Notice({ kind, text, children }: NoticeProps): ReactElement {
  return (
    <div className={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <Icon name={kind === 'error' ? 'warning' : 'status'} />
      <p>{text}</p>
      {children}
    </div>
  );
}
