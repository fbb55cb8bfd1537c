/** A labelled input with a line that explains it. */
import { type ReactElement, type ReactNode, useId } from 'react';

export interface FieldProps {
  label: string;
  hint: string;
  /** Why what stands in it is not taken; null: it is. */
  fault?: string | null;
  children: (about: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ReactNode;
}

export function Field({ label, hint, fault = null, children }: FieldProps): ReactElement {
  const id = useId();
  const hintId = useId();
  const faultId = useId();
  const isWrong = fault !== null;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': isWrong ? `${faultId} ${hintId}` : hintId,
        'aria-invalid': isWrong,
      })}
      {isWrong ? (
        <p id={faultId} className="field-fault small" role="alert">
          {fault}
        </p>
      ) : null}
      <p id={hintId} className="quiet small">
        {hint}
      </p>
    </div>
  );
}
