/** The buttons of one model: what can be done with it as it is now. */
import type { PanelJob, PanelModel } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { cancelJob, loadModel, startPull, unloadModel } from '../panel/panel-api.ts';
import type { Action } from '../panel/use-action.ts';
import { useModelsWords } from './model-words.ts';
import type { PageCalls } from './page-calls.ts';

export interface ModelActionsProps {
  model: PanelModel;
  job: PanelJob | null;
  action: Action;
  calls: PageCalls;
  /** A button was pressed, which may vanish for what it does. */
  onPressed: () => void;
}

export function ModelActions(props: ModelActionsProps): ReactElement {
  const { model, job, calls } = props;
  const { actions } = useModelsWords();
  const memory = useMemoryDeed(model, calls);
  if (job?.state === 'running') {
    return <Buttons {...props} main={{ text: actions.cancel, work: () => cancelJob(job.id) }} />;
  }
  if (!model.stored) return <PullButtons {...props} />;
  const remove = (
    <button
      type="button"
      className="button button-danger"
      aria-label={actions.of(actions.remove, model.title)}
      onClick={() => calls.askRemoval(model)}
    >
      {actions.remove}
    </button>
  );
  return <Buttons {...props} main={memory} more={remove} />;
}

interface Deed {
  text: string;
  work: () => Promise<void>;
  isMain?: boolean;
  isShut?: boolean;
}

function useMemoryDeed({ name, title, loaded }: PanelModel, { tell, changed }: PageCalls): Deed {
  const { actions, told } = useModelsWords();
  if (loaded === null) return { text: actions.load, work: () => loadModel(name), isMain: true };
  const unload = async (): Promise<void> => {
    await unloadModel(name);
    tell(told.unloaded(title));
    changed();
  };
  return { text: actions.unload, work: unload };
}

/** Too little memory may change, and the file can be used elsewhere; where there is no room, there is none. */
function PullButtons(props: ModelActionsProps): ReactElement {
  const { name, fit } = props.model;
  const { actions } = useModelsWords();
  const text = fit.fits ? actions.pull : actions.pullAnyway;
  const isShut = !fit.fits && fit.lacks === 'disk';
  const main = { text: isShut ? actions.pull : text, work: () => startPull(name), isMain: fit.fits, isShut };
  return <Buttons {...props} main={main} />;
}

function Buttons(props: ModelActionsProps & { main: Deed; more?: ReactElement }): ReactElement {
  const { model, action, onPressed, main, more } = props;
  const { actions } = useModelsWords();
  const press = (): void => {
    onPressed();
    void action.run(main.work);
  };
  return (
    <div className="model-actions">
      <button
        type="button"
        className={main.isMain === true ? 'button button-main' : 'button'}
        aria-label={actions.of(main.text, model.title)}
        aria-busy={action.isBusy}
        disabled={main.isShut === true}
        onClick={press}
      >
        {main.text}
      </button>
      {more}
    </div>
  );
}
