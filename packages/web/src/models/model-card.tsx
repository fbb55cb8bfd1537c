import type { PanelJob, PanelModel } from '@filon/core/panel/messages';
import { type ReactElement, useId, useLayoutEffect, useRef } from 'react';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { useAction } from '../panel/use-action.ts';
import { Icon } from '../ui/icon.tsx';
import { JobState } from './job-state.tsx';
import { ModelActions } from './model-actions.tsx';
import { ModelFacts } from './model-facts.tsx';
import { fitText, useModelsWords } from './model-words.ts';
import type { PageCalls } from './page-calls.ts';

export interface ModelCardProps {
  model: PanelModel;
  /** What is being done with it, or did not end well. */
  job: PanelJob | null;
  calls: PageCalls;
}

export function ModelCard({ model, job, calls }: ModelCardProps): ReactElement {
  const words = useModelsWords();
  const language = useLanguage();
  const action = useAction();
  const titleId = useId();
  const { title, onPressed } = useKeptFocus();
  const state = model.loaded !== null ? 'loaded' : model.stored ? 'stored' : null;
  return (
    <li className="model-card" aria-labelledby={titleId}>
      <div className="model-head">
        <div>
          <h3 id={titleId} ref={title} tabIndex={-1}>
            {model.title}
          </h3>
          {model.title === model.name ? null : <code className="quiet small">{model.name}</code>}
        </div>
        {state === null ? null : <span className={`badge badge-${state}`}>{words.state[state]}</span>}
      </div>
      {model.loaded === null ? (
        <p className={model.fit.fits ? 'model-fit' : 'model-fit model-fit-not'}>
          <Icon name={model.fit.fits ? 'check' : 'warning'} />
          {fitText(words, model.fit, language)}
        </p>
      ) : null}
      <ModelFacts model={model} />
      {model.untried ? <p className="small quiet">{words.untried}</p> : null}
      {job === null ? null : <JobState job={job} onHide={() => calls.hide(job.id)} />}
      {action.failure === null ? null : <FailureNotice failure={action.failure} isNews />}
      <ModelActions {...{ model, job, action, calls, onPressed }} />
    </li>
  );
}

/** Where a pressed button gives way to another one, the focus stays with its model. */
function useKeptFocus(): { title: React.RefObject<HTMLHeadingElement | null>; onPressed: () => void } {
  const title = useRef<HTMLHeadingElement>(null);
  const pressed = useRef(false);
  useLayoutEffect(() => {
    if (!pressed.current || document.activeElement !== document.body) return;
    pressed.current = false;
    title.current?.focus();
  });
  const onPressed = (): void => {
    pressed.current = true;
  };
  return { title, onPressed };
}
