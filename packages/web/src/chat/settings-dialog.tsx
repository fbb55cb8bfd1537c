import { type ReactElement, useState } from 'react';
import type { ChatSettings } from '../conversation/message.ts';
import { count } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { GatewayKeys } from './gateway-keys.tsx';
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
        {(about) => (
          <textarea
            {...about}
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
      <GatewayKeys />
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

/** Empty is automatic. What is out of range or no number stays in the box, is not taken, and is told so. */
function NumberField({ label, hint, min, max, step, value, onValue }: NumberFieldProps): ReactElement {
  const words = useWords().chat.settings;
  const language = useLanguage();
  const [isTaken, setTaken] = useState(true);
  const change = ({ value: written, validity }: HTMLInputElement): void => {
    const number = Number(written);
    const isWhole = step < 1 || Number.isInteger(number);
    const isEmpty = written.trim() === '' && !validity.badInput;
    const fits = !validity.badInput && number >= min && number <= max && isWhole;
    setTaken(isEmpty || fits);
    if (isEmpty) onValue(null);
    else if (fits) onValue(number);
  };
  const [lowest, highest] = [count(min, language), count(max, language)];
  const kept = value === null ? words.automatic : String(value);
  const rule = step < 1 ? words.range(lowest, highest) : words.wholeRange(lowest, highest);
  return (
    <Field label={label} hint={hint} fault={isTaken ? null : `${rule} ${words.kept(kept)}`}>
      {(about) => (
        <input
          {...about}
          type="number"
          inputMode="decimal"
          {...{ min, max, step }}
          placeholder={words.automatic}
          defaultValue={value ?? ''}
          onInput={({ currentTarget }) => change(currentTarget)}
        />
      )}
    </Field>
  );
}
