import type { PanelRun } from '@filon/core/panel/training';
import type { ReactElement } from 'react';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { useAction } from '../panel/use-action.ts';
import { useServices } from '../services/services.ts';
import { goTo } from '../state/route.ts';
import { Icon } from '../ui/icon.tsx';
import { resumeRun, stopRun } from './training-api.ts';
import { actionOf, useTrainingWords } from './training-words.ts';

/** One button, whatever it does now: the focus stays on it when that changes. */
export function RunActions({ run }: { run: PanelRun }): ReactElement {
  const { actions: words } = useTrainingWords();
  const { failure, isBusy, run: act } = useAction();
  const action = actionOf(run);
  const press = (): void => void act(() => (action === 'stop' ? stopRun(run.id) : resumeRun(run.id)));
  const isStopping = isBusy && action === 'stop';
  return (
    <>
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      <div className="run-actions">
        {action === null ? null : (
          <button
            type="button"
            className={action === 'begin' ? 'button button-main' : 'button'}
            aria-label={words.of(words[action], run.id)}
            aria-busy={isBusy}
            onClick={press}
          >
            {words[action]}
          </button>
        )}
        {run.result === null ? null : <ChatButton id={run.id} model={run.result.name} />}
        <span className="small quiet" role="status">
          {isStopping ? words.stopping : ''}
        </span>
      </div>
    </>
  );
}

/** A new conversation, with the model that came of it. */
function ChatButton({ id, model }: { id: string; model: string }): ReactElement {
  const { actions: words } = useTrainingWords();
  const { models } = useServices();
  const open = async (): Promise<void> => {
    models.used(model);
    await models.refresh();
    goTo({ page: 'chat', conversation: null });
  };
  return (
    <button
      type="button"
      className="button button-main"
      aria-label={words.of(words.chat, id)}
      onClick={() => void open()}
    >
      <Icon name="chat" />
      {words.chat}
    </button>
  );
}
