import { type ReactElement, useState } from 'react';
import { useWords } from '../i18n/words.ts';

export interface QuestionEditorProps {
  text: string;
  onSend: (text: string) => void;
  onCancel: () => void;
}

export function QuestionEditor({ text, onSend, onCancel }: QuestionEditorProps): ReactElement {
  const words = useWords();
  const [edited, setEdited] = useState(text);
  const canSend = edited.trim() !== '';
  return (
    <form
      className="turn question-editor"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend(edited.trim());
      }}
    >
      <textarea
        aria-label={words.chat.answer.editLabel}
        ref={focusAtEnd}
        rows={3}
        value={edited}
        onChange={({ target }) => setEdited(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onCancel();
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          event.currentTarget.form?.requestSubmit();
        }}
      />
      <div className="row-end">
        <button type="button" className="button" onClick={onCancel}>
          {words.common.cancel}
        </button>
        <button type="submit" className="button button-main" disabled={!canSend}>
          {words.chat.answer.sendEdited}
        </button>
      </div>
    </form>
  );
}

function focusAtEnd(area: HTMLTextAreaElement | null): void {
  if (area === null || document.activeElement === area) return;
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}
