/** Where a message is written: its files, its text, and the button that sends it or stops the answer. */
import { type KeyboardEvent, type ReactElement, useLayoutEffect, useRef } from 'react';
import { roundCount } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { Icon } from '../ui/icon.tsx';
import { FileChip } from './file-chip.tsx';
import type { Attachments } from './use-attachments.ts';

export interface ComposerProps {
  text: string;
  onText: (text: string) => void;
  attachments: Attachments;
  /** null: nothing can be sent, because there is no model. */
  onSend: (() => void) | null;
  /** null: no answer is coming. */
  onStop: (() => void) | null;
  isStopping: boolean;
  /** In an empty box: the last question again. */
  onEditLast: () => void;
  /** Tokens of what would be sent and what the model takes, when that may be too much. */
  overflow: { used: number; all: number } | null;
}

export function Composer(props: ComposerProps): ReactElement {
  const { text, attachments, onSend, onStop, overflow } = props;
  const words = useWords().chat;
  const language = useLanguage();
  const canSend = onSend !== null && onStop === null && attachments.reading.length === 0;
  const hasSomething = text.trim() !== '' || attachments.files.length > 0;
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend && hasSomething) onSend();
      }}
    >
      <ComposerFiles attachments={attachments} />
      {overflow === null ? null : (
        <p className="composer-warning small" role="status">
          {words.composer.context(roundCount(overflow.used, language), roundCount(overflow.all, language))}
        </p>
      )}
      <div className="composer-row">
        <AttachButton onFiles={attachments.add} />
        <TextBox {...props} />
        {onStop === null ? (
          <button
            type="submit"
            className="icon-button button-main round"
            aria-label={words.composer.send}
            disabled={!canSend || !hasSomething}
          >
            <Icon name="send" />
          </button>
        ) : (
          <button
            type="button"
            className="icon-button button-main round stop"
            aria-label={props.isStopping ? words.composer.stopping : words.composer.stop}
            disabled={props.isStopping}
            onClick={onStop}
          >
            <Icon name="stop" />
          </button>
        )}
      </div>
      <p className="composer-hint quiet small">{words.composer.hint}</p>
    </form>
  );
}

function TextBox({ text, onText, attachments, onEditLast }: ComposerProps): ReactElement {
  const words = useWords().chat.composer;
  const area = useRef<HTMLTextAreaElement>(null);
  // Browsers without `field-sizing` need to be told how high the text is.
  useLayoutEffect(() => {
    const box = area.current;
    if (box === null || CSS.supports('field-sizing', 'content')) return;
    box.style.height = 'auto';
    box.style.height = text === '' ? 'auto' : `${box.scrollHeight}px`;
  }, [text]);
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault();
      onEditLast();
    }
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    // Keyboards on glass have no other key for a new line.
    if (matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    event.currentTarget.form?.requestSubmit();
  };
  return (
    <textarea
      ref={area}
      id="composer"
      rows={1}
      aria-label={words.label}
      placeholder={words.placeholder}
      value={text}
      onChange={({ target }) => onText(target.value)}
      onKeyDown={onKeyDown}
      onPaste={(event) => {
        const { files } = event.clipboardData;
        if (files.length === 0) return;
        event.preventDefault();
        attachments.add(files);
      }}
    />
  );
}

function ComposerFiles({ attachments }: { attachments: Attachments }): ReactElement {
  const words = useWords().chat.attachment;
  const { files, reading, refusals, remove } = attachments;
  return (
    <>
      {files.length + reading.length === 0 ? null : (
        <ul className="chips" aria-label={words.list}>
          {files.map((file) => (
            <li key={file.name}>
              <FileChip attachment={file} onRemove={() => remove(file)} />
            </li>
          ))}
          {reading.map((name) => (
            <li key={`reading ${name}`} className="chip quiet">
              {words.reading(name)}
            </li>
          ))}
        </ul>
      )}
      <div role="status">
        {refusals.map((refusal) => (
          <p key={refusal} className="composer-warning small">
            {refusal}
          </p>
        ))}
      </div>
    </>
  );
}

function AttachButton({ onFiles }: { onFiles: (files: Iterable<File>) => void }): ReactElement {
  const words = useWords().chat.composer;
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={words.attach}
        title={words.attach}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept=".txt,.md,.csv,.tsv,.json,.log,.pdf,text/*,application/pdf,application/json"
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = '';
        }}
      />
    </>
  );
}
