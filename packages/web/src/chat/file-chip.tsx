import type { ReactElement } from 'react';
import type { Attachment } from '../conversation/message.ts';
import { count, roundCount } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { visibleText } from '../markdown/safe-text.ts';
import { Icon } from '../ui/icon.tsx';

export interface FileChipProps {
  attachment: Attachment;
  onRemove?: () => void;
}

export function FileChip({ attachment, onRemove }: FileChipProps): ReactElement {
  const words = useWords().chat.attachment;
  const language = useLanguage();
  const { name, text, leftOutCharacters } = attachment;
  return (
    <span className="chip">
      <Icon name="file" />
      <span className="chip-text">
        <span className="chip-name" dir="auto">
          {visibleText(name)}
        </span>
        <span className="quiet small">
          {words.size(roundCount(text.length, language))}
          {leftOutCharacters === null ? null : ` · ${words.leftOut(count(leftOutCharacters, language))}`}
        </span>
      </span>
      {onRemove === undefined ? null : (
        <button type="button" className="icon-button" aria-label={words.remove(name)} onClick={onRemove}>
          <Icon name="close" />
        </button>
      )}
    </span>
  );
}
