import type { PanelJob } from '@filon/core/panel/messages';
import { followJobs } from './panel-api.ts';
import { useFollowed } from './use-followed.ts';

/**
 * All jobs of the node, the newest first, as they change; null before the first word of it. A node that is away is the
 * list's to tell; the jobs come back with it.
 */
export function useJobs(): readonly PanelJob[] | null {
  return useFollowed(followJobs).value;
}
