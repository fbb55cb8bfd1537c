import type { PanelModel } from '@filon/core/panel/messages';

/** What the parts of the Models page ask of the page. */
export interface PageCalls {
  /** Something is other than the list says. */
  changed: () => void;
  /** Says it to those who do not see it happen. */
  tell: (text: string) => void;
  /** Puts the end of a job away. */
  hide: (jobId: string) => void;
  askRemoval: (model: PanelModel) => void;
}
