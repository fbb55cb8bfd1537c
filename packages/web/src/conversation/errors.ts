/** Why a file with conversations is not taken. */
export type ConversationErrorDetails =
  /**
   * `path`: where in the file, e.g. `conversations[2].messages[0].text`. `fault`: it is another kind of file, of a version
   * that this page does not know, or wrong at `path`.
   */
  { code: 'WEB_IMPORT_INVALID'; fault: ImportFault; path: string; reason: string };

export type ImportFault = 'format' | 'version' | 'content';
