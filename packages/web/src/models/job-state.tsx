import type { PanelJob } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { Notice } from '../ui/notice.tsx';
import { JobProgress } from './job-progress.tsx';
import { useModelsWords } from './model-words.ts';

/** How running work goes on, or how work ended that did not end well. */
export function JobState({ job, onHide }: { job: PanelJob; onHide: () => void }): ReactElement {
  const { actions, job: words, told } = useModelsWords();
  if (job.state === 'running') return <JobProgress job={job} />;
  const dismiss = (
    <button type="button" className="button" onClick={onHide}>
      {actions.dismiss}
    </button>
  );
  if (job.error === null) {
    const text = job.kind === 'pull' ? words.cancelled : told.cancelled(job.model);
    return (
      <Notice kind="info" text={text}>
        {dismiss}
      </Notice>
    );
  }
  const about = job.kind === 'pull' ? words.pullFailed : words.loadFailed;
  return (
    <FailureNotice failure={job.error} about={about}>
      {dismiss}
    </FailureNotice>
  );
}
