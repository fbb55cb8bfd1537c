/** What is here, what could be, and the work on both. */
import type { PanelJob, PanelModel } from '@filon/core/panel/messages';
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { readModels } from '../panel/panel-api.ts';
import { failureOf } from '../panel/panel-words.ts';
import { useJobs } from '../panel/use-jobs.ts';
import { usePolled } from '../panel/use-polled.ts';
import { ListTools } from './list-tools.tsx';
import { endedSince, modelJobs } from './model-jobs.ts';
import { ModelLists } from './model-lists.tsx';
import { type ModelsWords, useModelsWords } from './model-words.ts';
import { OtherJobs } from './other-jobs.tsx';
import type { PageCalls } from './page-calls.ts';
import { PullForm } from './pull-form.tsx';
import { RemovalDialog } from './removal-dialog.tsx';
import { shownModels, type Wish } from './shown-models.ts';

/** Others load and unload models, too: chats do. */
const MODELS_EVERY_MS = 5000;
const EVERYTHING: Wish = { query: '', filter: 'all' };
const NOTHING: readonly never[] = [];

export function ModelsContent(): ReactElement {
  const words = useModelsWords();
  const { value: models, failure, again } = usePolled(readModels, MODELS_EVERY_MS);
  const jobs = useJobs();
  const [wish, setWish] = useState(EVERYTHING);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [news, tell] = useState('');
  const [removing, askRemoval] = useState<PanelModel | null>(null);
  useEndings(jobs ?? NOTHING, { tell, changed: again });
  const known = models ?? NOTHING;
  const told = modelJobs(jobs ?? NOTHING, known, hidden);
  const calls = useMemo<PageCalls>(() => {
    const hide = (id: string): void => setHidden((before) => new Set([...before, id]));
    return { changed: again, tell, hide, askRemoval };
  }, [again]);
  const end = (removed: boolean): void => {
    askRemoval(null);
    if (!removed || removing === null) return;
    tell(words.told.removed(removing.title));
    again();
    document.querySelector<HTMLElement>('main')?.focus();
  };
  if (models === null) return <Waiting failure={failure === null ? null : failureOf(failure)} />;
  return (
    <>
      <Summary models={models} />
      {failure === null ? null : <FailureNotice failure={failureOf(failure)} isNews />}
      <ListTools wish={wish} onWish={setWish} />
      <p className="sr-only" role="status">
        {news}
      </p>
      <ModelLists
        shown={shownModels(models, wish, busyNames(told.byModel))}
        all={models}
        jobs={told.byModel}
        calls={calls}
        onShowAll={() => setWish(EVERYTHING)}
      >
        <PullForm names={models.map(({ name }) => name)} />
        {told.others.length === 0 ? null : <OtherJobs jobs={told.others} calls={calls} />}
      </ModelLists>
      {removing === null ? null : <RemovalDialog model={removing} onClose={end} />}
    </>
  );
}

function busyNames(jobs: ReadonlyMap<string, PanelJob>): ReadonlySet<string> {
  return new Set([...jobs].filter(([, { state }]) => state === 'running').map(([name]) => name));
}

function Waiting({ failure }: { failure: ReturnType<typeof failureOf> | null }): ReactElement {
  const words = useModelsWords();
  if (failure !== null) return <FailureNotice failure={failure} isNews />;
  return <p className="quiet">{words.loading}</p>;
}

function Summary({ models }: { models: readonly PanelModel[] }): ReactElement {
  const words = useModelsWords();
  const language = useLanguage();
  const here = models.filter(({ stored }) => stored).length;
  const loaded = models.filter((model) => model.loaded !== null).length;
  return <p className="quiet">{words.summary(count(here, language), count(loaded, language))}</p>;
}

/** Says what work has ended, and has the list read again. */
function useEndings(jobs: readonly PanelJob[], { tell, changed }: Pick<PageCalls, 'tell' | 'changed'>): void {
  const { told } = useModelsWords();
  const before = useRef(jobs);
  useEffect(() => {
    const ended = endedSince(before.current, jobs);
    before.current = jobs;
    if (ended.length === 0) return;
    tell(ended.map((job) => endText(told, job)).join(' '));
    changed();
  }, [jobs, told, tell, changed]);
}

function endText(told: ModelsWords['told'], { kind, model, state }: PanelJob): string {
  if (state === 'cancelled') return told.cancelled(model);
  if (kind === 'pull') return state === 'done' ? told.pullDone(model) : told.pullFailed(model);
  return state === 'done' ? told.loadDone(model) : told.loadFailed(model);
}
