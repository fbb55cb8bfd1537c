import type { PanelModel } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { size } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { removeModel } from '../panel/panel-api.ts';
import { useAction } from '../panel/use-action.ts';
import { Dialog } from '../ui/dialog.tsx';
import '../styles/dialog.css';
import { useModelsWords } from './model-words.ts';

export interface RemovalDialogProps {
  model: PanelModel;
  onClose: (removed: boolean) => void;
}

/** Asks once. Escape and Cancel leave everything as it is. */
export function RemovalDialog({ model, onClose }: RemovalDialogProps): ReactElement {
  const { removal, actions } = useModelsWords();
  const { common } = useWords();
  const language = useLanguage();
  const { failure, isBusy, run } = useAction();
  const remove = async (): Promise<void> => {
    if (await run(() => removeModel(model.name))) onClose(true);
  };
  const leave = (): void => onClose(false);
  return (
    <Dialog heading={removal.title(model.title)} onClose={leave}>
      <p>
        {removal.text(size(model.bytes, language))} {removal.again}
      </p>
      {model.loaded === null ? null : <p>{removal.loaded}</p>}
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      <div className="row wrap">
        <button
          type="button"
          className="button button-danger"
          aria-busy={isBusy}
          onClick={() => void remove()}
        >
          {actions.remove}
        </button>
        <button type="button" className="button" onClick={leave}>
          {common.cancel}
        </button>
      </div>
    </Dialog>
  );
}
