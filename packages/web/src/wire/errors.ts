/** What can go wrong between the page and its node. */
export type WireErrorDetails =
  /** No connection, or one that broke: the node is away, or starting again. */
  | { code: 'WEB_UNREACHABLE' }
  /** What came is not what the API says. */
  | { code: 'WEB_STREAM_INVALID' }
  /** The node refused, for the reason that its own code names. */
  | { code: 'WEB_REFUSED'; status: number; reason: string };
