import type { PanelModel } from '@filon/core/panel/messages';
import { type ReactElement, useEffect, useRef } from 'react';
import { size } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { removeModel } from '../panel/panel-api.ts';
import { useAction } from '../panel/use-action.ts';
import { useModelsWords } from './model-words.ts';

export interface RemovalDialogProps {
  model: PanelModel;
  onClose: (removed: boolean) => void;
}

/** Asks once. Open for as long as it is there; Escape and Cancel leave everything as it is. */
export function RemovalDialog({ model, onClose }: RemovalDialogProps): ReactElement {
  const { removal, actions } = useModelsWords();
  const { common } = useWords();
  const language = useLanguage();
  const { failure, isBusy, run } = useAction();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const box = dialog.current;
    box?.showModal();
    return () => box?.close();
  }, []);
  const remove = async (): Promise<void> => {
    if (await run(() => removeModel(model.name))) onClose(true);
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="removal-title" onCancel={() => onClose(false)}>
      <h2 id="removal-title">{removal.title(model.title)}</h2>
      <p>{removal.text(size(model.bytes, language))}</p>
      <p>{removal.again}</p>
      {model.loaded === null ? null : <p>{removal.loaded}</p>}
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => onClose(false)}>
          {common.cancel}
        </button>
        <button
          type="button"
          className="button button-danger"
          aria-busy={isBusy}
          onClick={() => void remove()}
        >
          {actions.remove}
        </button>
      </div>
    </dialog>
  );
}
