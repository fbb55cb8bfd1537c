/** What is wrong with a node's home. */
export type HomeErrorDetails =
  /** Another process works in this home. */
  | { code: 'HOME_IN_USE'; home: string; pid: number | null; url: string | null; purpose: string | null }
  /** The folder cannot be made, entered or written. */
  | { code: 'HOME_UNAVAILABLE'; home: string }
  /** The file system does not keep locks. */
  | { code: 'HOME_NO_LOCKS'; home: string }
  /** The certificate that was given, or its key, cannot be used. */
  | { code: 'HOME_CERTIFICATE'; cert: string; key: string };
