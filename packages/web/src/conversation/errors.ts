/** Why a file with conversations is not taken. */
export type ConversationErrorDetails =
  /** `path`: where in the file, e.g. `conversations[2].messages[0].text`. */
  { code: 'WEB_IMPORT_INVALID'; path: string; reason: string };
