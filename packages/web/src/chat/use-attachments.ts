/** The files of a message that is being written. */
import { isFilonError } from '@filon/core/errors';
import { useCallback, useState } from 'react';
import type { Attachment } from '../conversation/message.ts';
import { FILE_BYTES_MAX, FILES_MAX, readAttachment } from '../files/read-file.ts';
import { type ChatWords, useWords } from '../i18n/words.ts';

export interface Attachments {
  files: readonly Attachment[];
  /** Names of those that are being read. */
  reading: readonly string[];
  /** Why some were not taken. */
  refusals: readonly string[];
  add: (files: Iterable<File>) => void;
  remove: (attachment: Attachment) => void;
  clear: () => void;
}

export function useAttachments(): Attachments {
  const words = useWords().chat.attachment;
  const [files, setFiles] = useState<readonly Attachment[]>([]);
  const [reading, setReading] = useState<readonly string[]>([]);
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  const add = useCallback(
    (given: Iterable<File>): void => {
      const all = [...given];
      const taken = all.slice(0, Math.max(0, FILES_MAX - files.length - reading.length));
      setRefusals(taken.length < all.length ? [words.tooMany(FILES_MAX)] : []);
      for (const file of taken) {
        setReading((now) => [...now, file.name]);
        readAttachment(file)
          .then(
            (attachment) =>
              setFiles((now) => [...now, { ...attachment, name: freeName(attachment.name, now) }]),
            (error: unknown) => setRefusals((now) => [...now, refusalWords(words, error, file.name)]),
          )
          .finally(() => setReading((now) => without(now, file.name)));
      }
    },
    [words, files.length, reading.length],
  );
  const remove = useCallback((attachment: Attachment): void => {
    setFiles((now) => now.filter((one) => one !== attachment));
  }, []);
  const clear = useCallback((): void => {
    setFiles([]);
    setRefusals([]);
  }, []);
  return { files, reading, refusals, add, remove, clear };
}

function refusalWords(words: ChatWords['attachment'], error: unknown, name: string): string {
  switch (isFilonError(error) ? error.code : '') {
    case 'WEB_FILE_TOO_LARGE':
      return words.tooLarge(name, FILE_BYTES_MAX / 1e6);
    case 'WEB_FILE_NOT_TEXT':
      return words.notText(name);
    case 'WEB_FILE_EMPTY':
      return words.empty(name);
    default:
      return words.failed(name);
  }
}

function without(names: readonly string[], name: string): string[] {
  const at = names.indexOf(name);
  return names.filter((_, index) => index !== at);
}

/** Two files of one name are told apart. */
function freeName(name: string, files: readonly Attachment[]): string {
  const names = new Set(files.map((file) => file.name));
  let free = name;
  for (let number = 2; names.has(free); number += 1) free = `${name} (${number})`;
  return free;
}
