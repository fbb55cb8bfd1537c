import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { prefer, preferences } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';
import { Dialog } from '../ui/dialog.tsx';

export function KeysDialog({ onClose }: { onClose: () => void }): ReactElement {
  const words = useWords().chat.keys;
  const { singleKeys } = useStore(preferences);
  const { names } = words;
  const keys: readonly [key: string, what: string][] = [
    [names.enter, words.send],
    [names.shiftEnter, words.newLine],
    [names.escape, words.stop],
    [names.up, words.editLast],
    ['n', words.newChat],
    ['s', words.search],
    ['/', words.write],
    ['?', words.list],
  ];
  return (
    <Dialog heading={words.heading} onClose={onClose}>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input
          type="checkbox"
          checked={singleKeys}
          onChange={({ target }) => prefer({ singleKeys: target.checked })}
        />
        {words.single}
      </label>
    </Dialog>
  );
}
