/** Above the messages: which model answers, on whose machines, and the settings of the conversation. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ReactElement } from 'react';
import type { ChatSettings } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { Icon } from '../ui/icon.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { ModelDialog } from './model-dialog.tsx';
import { SettingsDialog } from './settings-dialog.tsx';
import { TierButton } from './tier-button.tsx';
import { TierDialog } from './tier-dialog.tsx';
import type { Asked } from './tier-words.ts';

export type ChatDialog = 'model' | 'tier' | 'settings' | 'keys';

export interface ChatBarProps {
  settings: ChatSettings;
  onSettings: (settings: ChatSettings) => void;
  /** The one that would answer now. */
  model: string | null;
  tier: PrivacyTier;
  asked: Asked;
  /** Something was said in this conversation already. */
  hasBegun: boolean;
  dialog: ChatDialog | null;
  onDialog: (dialog: ChatDialog | null) => void;
}

export function ChatBar(props: ChatBarProps): ReactElement {
  const { settings, onSettings, model, tier, asked, hasBegun, dialog, onDialog } = props;
  const words = useWords().chat;
  const { models } = useServices();
  const close = (): void => onDialog(null);
  return (
    <header className="chat-bar">
      <button
        type="button"
        className="button model-button"
        aria-haspopup="dialog"
        aria-label={`${words.model.choose}: ${model ?? words.model.none}`}
        onClick={() => {
          void models.refresh();
          onDialog('model');
        }}
      >
        <span className="model-name">{model ?? words.model.none}</span>
        <Icon name="down" />
      </button>
      <span className="chat-bar-tools">
        <TierButton
          {...{ tier, model, asked }}
          onOpen={() => {
            void models.refresh();
            onDialog('tier');
          }}
        />
        <button
          type="button"
          className="icon-button keys-button"
          aria-label={words.keys.open}
          title={words.keys.open}
          onClick={() => onDialog('keys')}
        >
          <Icon name="keyboard" />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={words.settings.open}
          title={words.settings.open}
          onClick={() => onDialog('settings')}
        >
          <Icon name="settings" />
        </button>
      </span>
      {dialog === 'model' ? (
        <ModelDialog
          {...{ chosen: model, tier }}
          onChoose={(name) => {
            models.used(name);
            onSettings({ ...settings, model: name });
          }}
          onClose={close}
        />
      ) : null}
      {dialog === 'tier' ? (
        <TierDialog
          {...{ tier, model, hasBegun }}
          onChoose={(wanted) => onSettings({ ...settings, tier: wanted })}
          onClose={close}
        />
      ) : null}
      {dialog === 'settings' ? <SettingsDialog {...{ settings, onSettings }} onClose={close} /> : null}
      {dialog === 'keys' ? <KeysDialog onClose={close} /> : null}
    </header>
  );
}
