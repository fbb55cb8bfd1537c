/** What the pages' own API refuses. */
export type PanelErrorDetails =
  | { code: 'PANEL_JOBS_FULL'; runningMax: number }
  | { code: 'PANEL_JOB_UNKNOWN'; job: string }
  | { code: 'PANEL_JOB_CANCELLED' };
