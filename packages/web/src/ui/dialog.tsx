/** A window over the page: the focus stays in it, Escape closes it, and it says what it is. */
import { type ReactElement, type ReactNode, useEffect, useId, useRef } from 'react';
import { useWords } from '../i18n/words.ts';
import { Icon } from './icon.tsx';

export interface DialogProps {
  heading: string;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ heading, onClose, children }: DialogProps): ReactElement {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const headingId = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={headingId}
      onClose={onClose}
      onPointerDown={(event) => {
        // The window's own edge has no space of its own: what is hit outside of its content is the shade.
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="dialog-content">
        <header>
          <h2 id={headingId}>{heading}</h2>
          <button type="button" className="icon-button" aria-label={words.common.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
