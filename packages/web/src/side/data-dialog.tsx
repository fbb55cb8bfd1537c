/** All conversations out to a file, and in from one. */
import { isFilonError } from '@filon/core/errors';
import { type ReactElement, useRef, useState } from 'react';
import type { ConversationErrorDetails } from '../conversation/errors.ts';
import { exportText, importText } from '../conversation/exchange.ts';
import { type ChatWords, useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { goTo } from '../state/route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { download } from '../ui/download.ts';
import { Icon } from '../ui/icon.tsx';
import { SureButton } from '../ui/sure-button.tsx';

const IMPORT_BYTES_MAX = 200_000_000;

export function DataDialog({ onClose }: { onClose: () => void }): ReactElement {
  const words = useWords().chat.data;
  const { library, answering } = useServices();
  const input = useRef<HTMLInputElement>(null);
  const [said, say] = useState('');
  const exportAll = async (): Promise<void> => {
    const nowMs = Date.now();
    const day = new Date(nowMs).toISOString().slice(0, 10);
    download(`filon-${day}.json`, exportText(await library.all(), nowMs));
  };
  const importFile = async (file: File): Promise<void> => {
    if (file.size > IMPORT_BYTES_MAX) return say(words.importFailed(words.tooLarge(IMPORT_BYTES_MAX / 1e6)));
    try {
      const whole = importText(await file.text());
      await library.take(whole);
      say(words.imported(whole.length));
    } catch (error) {
      say(words.importFailed(faultText(words, error)));
    }
  };
  const removeAll = async (): Promise<void> => {
    onClose();
    for (const { id } of library.conversations.get() ?? []) {
      answering.drop(id);
      await library.remove(id);
    }
    goTo({ page: 'chat', conversation: null });
  };
  return (
    <Dialog heading={words.heading} onClose={onClose}>
      <p>{words.where}</p>
      <div className="row wrap">
        <button type="button" className="button" onClick={() => void exportAll()}>
          <Icon name="export" />
          {words.export}
        </button>
        <button type="button" className="button" onClick={() => input.current?.click()}>
          <Icon name="import" />
          {words.import}
        </button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".json,application/json"
          onChange={({ target }) => {
            const file = target.files?.[0];
            target.value = '';
            if (file !== undefined) void importFile(file);
          }}
        />
      </div>
      <p role="status">{said}</p>
      <SureButton label={words.removeAll} question={words.removeAllSure} onSure={() => void removeAll()} />
    </Dialog>
  );
}

function faultText({ faults }: ChatWords['data'], error: unknown): string {
  if (!isFilonError(error, 'WEB_IMPORT_INVALID')) return faults.unreadable();
  const { fault, path } = error.details as ConversationErrorDetails;
  return faults[fault](path);
}
