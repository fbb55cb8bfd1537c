import { type ReactElement, useState } from 'react';
import type { ChatSettings } from '../conversation/message.ts';
import { useWords } from '../i18n/words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { TierConsent } from './tier-consent.tsx';

export interface SettingsDialogProps {
  settings: ChatSettings;
  onSettings: (settings: ChatSettings) => void;
  onClose: () => void;
}

type NumberSetting = 'temperature' | 'topP' | 'maxTokens' | 'seed';

const RANGES: Readonly<Record<NumberSetting, { min: number; max: number; step: number }>> = {
  temperature: { min: 0, max: 2, step: 0.1 },
  topP: { min: 0, max: 1, step: 0.05 },
  maxTokens: { min: 1, max: 1_048_576, step: 1 },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
};

/** Every change counts at once, for the next answer. */
export function SettingsDialog({ settings, onSettings, onClose }: SettingsDialogProps): ReactElement {
  const words = useWords().chat.settings;
  const number = (name: NumberSetting, label: string, hint: string): ReactElement => (
    <NumberField
      {...{ label, hint, ...RANGES[name] }}
      value={settings[name]}
      onValue={(value) => onSettings({ ...settings, [name]: value })}
    />
  );
  return (
    <Dialog heading={words.heading} onClose={onClose}>
      <Field label={words.system} hint={words.systemHint}>
        {(ids) => (
          <textarea
            {...ids}
            rows={4}
            value={settings.system}
            onChange={({ target }) => onSettings({ ...settings, system: target.value })}
          />
        )}
      </Field>
      <div className="field-grid">
        {number('temperature', words.temperature, words.temperatureHint)}
        {number('topP', words.topP, words.topPHint)}
        {number('maxTokens', words.maxTokens, words.maxTokensHint)}
        {number('seed', words.seed, words.seedHint)}
      </div>
      <TierConsent />
    </Dialog>
  );
}

interface NumberFieldProps {
  label: string;
  hint: string;
  min: number;
  max: number;
  step: number;
  value: number | null;
  onValue: (value: number | null) => void;
}

/** Empty is automatic. What is out of range stays in the box and is not taken. */
function NumberField({ label, hint, min, max, step, value, onValue }: NumberFieldProps): ReactElement {
  const words = useWords().chat.settings;
  const [text, setText] = useState(value === null ? '' : String(value));
  const change = (written: string): void => {
    setText(written);
    const number = Number(written);
    const isWhole = step < 1 || Number.isInteger(number);
    if (written.trim() === '') onValue(null);
    else if (number >= min && number <= max && isWhole) onValue(number);
  };
  return (
    <Field label={label} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          inputMode="decimal"
          {...{ min, max, step }}
          placeholder={words.automatic}
          value={text}
          onChange={({ target }) => change(target.value)}
        />
      )}
    </Field>
  );
}
