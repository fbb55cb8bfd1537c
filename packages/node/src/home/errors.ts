/** What is wrong with a node's home. */
export type HomeErrorDetails =
  /** Another process works in this home. */
  | { code: 'HOME_IN_USE'; home: string; pid: number | null; url: string | null; purpose: string | null }
  /** The folder cannot be made, entered or written. */
  | { code: 'HOME_UNAVAILABLE'; home: string }
  /** The file system does not keep locks. */
  | { code: 'HOME_NO_LOCKS'; home: string }
  /** The certificate that was given, or its key, cannot be used. */
  | { code: 'HOME_CERTIFICATE'; cert: string; key: string }
  /**
   * A key file that is not used. `open`: others may read it. `broken`: it is not what it must be. `locked`: it is sealed
   * and there is no passphrase. `passphrase`: that is the wrong one, or its file cannot be read (`path` is that file).
   */
  | { code: 'HOME_KEY'; path: string; reason: 'open' | 'broken' | 'locked' | 'passphrase' };
