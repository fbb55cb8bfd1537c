/** What is wrong with the settings. */
export type ConfigErrorDetails =
  /** A value is outside what its setting allows. */
  | { code: 'CONFIG_VALUE_INVALID'; field: string; value: unknown; source: string; allowed: string }
  /** There is no setting of this name. */
  | { code: 'CONFIG_FIELD_UNKNOWN'; field: string; source: string; nearest: string | null }
  /** The file is no JSON object. */
  | { code: 'CONFIG_FILE_INVALID'; path: string }
  /** The file is there but cannot be read or written. */
  | { code: 'CONFIG_FILE_UNAVAILABLE'; path: string };
