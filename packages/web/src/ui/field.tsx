/** A labelled input with a line that explains it. */
import { type ReactElement, type ReactNode, useId } from 'react';

export interface FieldProps {
  label: string;
  hint: string;
  children: (ids: { id: string; 'aria-describedby': string }) => ReactNode;
}

export function Field({ label, hint, children }: FieldProps): ReactElement {
  const id = useId();
  const hintId = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': hintId })}
      <p id={hintId} className="quiet small">
        {hint}
      </p>
    </div>
  );
}
