/** Why a file is not attached. */
export type FileErrorDetails =
  | { code: 'WEB_FILE_TOO_LARGE'; name: string; bytesMax: number }
  | { code: 'WEB_FILE_NOT_TEXT'; name: string }
  | { code: 'WEB_FILE_EMPTY'; name: string }
  | { code: 'WEB_FILE_UNREADABLE'; name: string; reason: string };
