import type { PanelJob } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { cancelJob } from '../panel/panel-api.ts';
import { useAction } from '../panel/use-action.ts';
import { JobState } from './job-state.tsx';
import { useModelsWords } from './model-words.ts';
import type { PageCalls } from './page-calls.ts';

/** Work on models that the list does not have yet. */
export function OtherJobs({ jobs, calls }: { jobs: readonly PanelJob[]; calls: PageCalls }): ReactElement {
  const { job: words } = useModelsWords();
  return (
    <ul className="model-cards other-jobs" aria-label={words.title}>
      {jobs.map((job) => (
        <OtherJob key={job.id} job={job} calls={calls} />
      ))}
    </ul>
  );
}

function OtherJob({ job, calls }: { job: PanelJob; calls: PageCalls }): ReactElement {
  const { actions } = useModelsWords();
  const { failure, run } = useAction();
  return (
    <li className="model-card">
      <h3 className="mono model-source">{job.model}</h3>
      <JobState job={job} onHide={() => calls.hide(job.id)} />
      {failure === null ? null : <FailureNotice failure={failure} isNews />}
      {job.state === 'running' ? (
        <div className="model-actions">
          <button
            type="button"
            className="button"
            aria-label={actions.of(actions.cancel, job.model)}
            onClick={() => void run(() => cancelJob(job.id))}
          >
            {actions.cancel}
          </button>
        </div>
      ) : null}
    </li>
  );
}
