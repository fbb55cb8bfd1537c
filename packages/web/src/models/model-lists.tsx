import type { PanelJob, PanelModel } from '@filon/core/panel/messages';
import type { ReactElement, ReactNode } from 'react';
import { ModelCard } from './model-card.tsx';
import { useModelsWords } from './model-words.ts';
import type { PageCalls } from './page-calls.ts';
import type { ShownModels } from './shown-models.ts';

export interface ModelListsProps {
  shown: ShownModels;
  all: readonly PanelModel[];
  jobs: ReadonlyMap<string, PanelJob>;
  calls: PageCalls;
  onShowAll: () => void;
  /** Stands between what is here and what could be. */
  children: ReactNode;
}

export function ModelLists({ shown, all, jobs, calls, onShowAll, children }: ModelListsProps): ReactElement {
  const words = useModelsWords();
  const hasNone = (isStored: boolean): boolean => !all.some(({ stored }) => stored === isStored);
  const listOf = (models: readonly PanelModel[]): ReactElement => (
    <ul className="model-cards">
      {models.map((model) => (
        <ModelCard key={model.name} model={model} job={jobs.get(model.name) ?? null} calls={calls} />
      ))}
    </ul>
  );
  if (all.length > 0 && shown.here.length + shown.away.length === 0) {
    return (
      <>
        <div className="panel-empty">
          <p>{words.noneFound}</p>
          <button type="button" className="button" onClick={onShowAll}>
            {words.showAll}
          </button>
        </div>
        {children}
      </>
    );
  }
  return (
    <>
      {shown.here.length > 0 || hasNone(true) ? (
        <section aria-labelledby="models-here">
          <h2 id="models-here">{words.here}</h2>
          {hasNone(true) ? <p className="panel-empty">{words.hereEmpty}</p> : listOf(shown.here)}
        </section>
      ) : null}
      {children}
      {shown.away.length > 0 || hasNone(false) ? (
        <section aria-labelledby="models-away">
          <h2 id="models-away">{words.away}</h2>
          {hasNone(false) ? <p className="panel-empty">{words.awayEmpty}</p> : listOf(shown.away)}
        </section>
      ) : null}
    </>
  );
}
