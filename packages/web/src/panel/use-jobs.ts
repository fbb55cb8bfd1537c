import type { PanelJob } from '@filon/core/panel/messages';
import { useEffect, useState } from 'react';
import { followJobs } from './panel-api.ts';
import { repeat } from './repeat.ts';
import { pageVisibility, whileVisible } from './while-visible.ts';

const AGAIN_MS = 2000;

/** All jobs of the node, the newest first, as they change; null before the first word of it. */
export function useJobs(): readonly PanelJob[] | null {
  const [jobs, setJobs] = useState<readonly PanelJob[] | null>(null);
  useEffect(() => {
    const follow = (signal: AbortSignal): Promise<void> =>
      followJobs(
        (now) => {
          if (!signal.aborted) setJobs(now);
        },
        { signal },
      );
    // A node that is away is the list's to tell; the jobs come back with it.
    const onFailure = (): void => undefined;
    return whileVisible(
      pageVisibility,
      (signal) => void repeat({ once: follow, onFailure, everyMs: AGAIN_MS }, signal),
    );
  }, []);
  return jobs;
}
