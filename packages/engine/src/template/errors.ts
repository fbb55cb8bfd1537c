/** Errors of rendering a chat template. Templates come with models from strangers. */
export type TemplateErrorDetails =
  /** Ran longer than {@link limitMs}; it was stopped. */
  | { code: 'TEMPLATE_TIMEOUT'; limitMs: number }
  /** Needed more memory than a prompt can be worth; it was stopped. */
  | { code: 'TEMPLATE_MEMORY' }
  /** Wrote more than a prompt may be long. */
  | { code: 'TEMPLATE_OUTPUT_LIMIT'; maxBytes: number }
  /** Not a template, or one that fails on these messages; the message says where. */
  | { code: 'TEMPLATE_INVALID' }
  /** The template itself refused the messages (its `raise_exception`), in its own words. */
  | { code: 'TEMPLATE_REFUSED'; reason: string }
  /** Too many prompts wait to be rendered. */
  | { code: 'TEMPLATE_BUSY'; waitingMax: number };
