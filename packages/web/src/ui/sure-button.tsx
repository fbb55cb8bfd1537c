/** For what cannot be undone: the first press asks, the second one does it. */
import { type ReactElement, useState } from 'react';
import { Icon } from './icon.tsx';

export interface SureButtonProps {
  label: string;
  question: string;
  onSure: () => void;
}

export function SureButton({ label, question, onSure }: SureButtonProps): ReactElement {
  const [isAsking, setAsking] = useState(false);
  return (
    <div className="sure">
      <button
        type="button"
        className="button button-danger"
        onClick={() => (isAsking ? onSure() : setAsking(true))}
        onBlur={() => setAsking(false)}
      >
        <Icon name="remove" />
        {label}
      </button>
      <p role="status" className="small">
        {isAsking ? question : ''}
      </p>
    </div>
  );
}
