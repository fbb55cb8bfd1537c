/** Which work belongs to which model, and what of it there is to tell. */
import type { PanelJob, PanelModel } from '@filon/core/panel/messages';

export interface ModelJobs {
  /** By the name of the model in the list. */
  byModel: ReadonlyMap<string, PanelJob>;
  /** Of models that are in no list yet, such as downloads by source. */
  others: readonly PanelJob[];
}

/** The newest work of each model, if it goes on or did not end well; `hidden`: ids that the reader put away. */
export function modelJobs(
  jobs: readonly PanelJob[],
  models: readonly Pick<PanelModel, 'name' | 'stored'>[],
  hidden: ReadonlySet<string>,
): ModelJobs {
  const stored = new Map(models.map((model) => [model.name, model.stored]));
  const newest = new Map<string, PanelJob>();
  for (const job of jobs) if (!newest.has(job.model)) newest.set(job.model, job);
  const telling = [...newest.values()].filter(
    (job) =>
      job.state === 'running' || (job.state !== 'done' && !hidden.has(job.id) && !isSettled(job, stored)),
  );
  return {
    byModel: new Map(telling.filter(({ model }) => stored.has(model)).map((job) => [job.model, job])),
    others: telling.filter(({ model }) => !stored.has(model)),
  };
}

/** Jobs that went on in `before` and have ended in `now`. */
export function endedSince(before: readonly PanelJob[], now: readonly PanelJob[]): PanelJob[] {
  const running = new Set(before.filter(({ state }) => state === 'running').map(({ id }) => id));
  return now.filter(({ id, state }) => running.has(id) && state !== 'running');
}

/** A download that failed is nobody's worry once the model is here by another way, nor a load once it is gone. */
function isSettled({ kind, model }: PanelJob, stored: ReadonlyMap<string, boolean>): boolean {
  return kind === 'pull' ? stored.get(model) === true : stored.get(model) !== true;
}
