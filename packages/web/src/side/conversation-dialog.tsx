import { type ReactElement, useId, useState } from 'react';
import { exportText } from '../conversation/exchange.ts';
import type { Conversation } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { goTo, parseRoute } from '../state/route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { download } from '../ui/download.ts';
import { Icon } from '../ui/icon.tsx';
import { SureButton } from '../ui/sure-button.tsx';

const TITLE_CHARACTERS_MAX = 200;

export interface ConversationDialogProps {
  conversation: Conversation;
  onClose: () => void;
}

export function ConversationDialog({ conversation, onClose }: ConversationDialogProps): ReactElement {
  const words = useWords();
  const { library, answering } = useServices();
  const [title, setTitle] = useState(conversation.title);
  const id = useId();
  const rename = async (): Promise<void> => {
    onClose();
    if (title.trim() !== '') await library.rename(conversation.id, title.trim());
  };
  const remove = async (): Promise<void> => {
    onClose();
    answering.drop(conversation.id);
    await library.remove(conversation.id);
    const route = parseRoute(location.hash);
    if (route.page === 'chat' && route.conversation === conversation.id)
      goTo({ page: 'chat', conversation: null });
  };
  const exportOne = async (): Promise<void> => {
    const whole = (await library.all()).filter((one) => one.conversation.id === conversation.id);
    download(`filon-${conversation.id}.json`, exportText(whole, Date.now()));
  };
  return (
    <Dialog heading={words.chat.conversation.heading} onClose={onClose}>
      <form
        className="field"
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <label htmlFor={id}>{words.chat.conversation.name}</label>
        <div className="row">
          <input
            id={id}
            maxLength={TITLE_CHARACTERS_MAX}
            value={title}
            onChange={({ target }) => setTitle(target.value)}
          />
          <button type="submit" className="button button-main">
            {words.common.save}
          </button>
        </div>
      </form>
      <button type="button" className="button" onClick={() => void exportOne()}>
        <Icon name="export" />
        {words.chat.conversation.export}
      </button>
      <SureButton
        label={words.chat.conversation.remove}
        question={words.chat.conversation.removeSure}
        onSure={() => void remove()}
      />
    </Dialog>
  );
}
