import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ReactElement } from 'react';
import { measure, roundCount, size } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import type { ModelHere } from '../models-here/model-list.ts';
import { offersWithin } from '../models-here/offers.ts';
import { useServices } from '../services/services.ts';
import { hrefOf } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { offerText } from './tier-words.ts';

export interface ModelDialogProps {
  chosen: string | null;
  tier: PrivacyTier;
  onChoose: (name: string) => void;
  onClose: () => void;
}

export function ModelDialog({ chosen, tier, onChoose, onClose }: ModelDialogProps): ReactElement {
  const words = useWords().chat;
  const { models } = useServices();
  const state = useStore(models.state);
  return (
    <Dialog heading={words.model.heading} onClose={onClose}>
      {state.kind === 'loading' ? <p>{words.model.loading}</p> : null}
      {state.kind === 'failed' ? <p>{words.model.failed(state.reason)}</p> : null}
      <fieldset className="model-list">
        <legend className="sr-only">{words.model.heading}</legend>
        {(state.kind === 'here' ? state.models : []).map((model) => (
          <label key={model.name} className="model-choice">
            <input
              type="radio"
              name="model"
              checked={model.name === chosen}
              onChange={() => onChoose(model.name)}
            />
            <span className="model-choice-text">
              <strong>{model.name}</strong>
              <ModelFacts {...{ model, tier }} />
            </span>
          </label>
        ))}
      </fieldset>
      <p>
        <a href={hrefOf({ page: 'models' })}>{words.empty.toModels}</a>
      </p>
    </Dialog>
  );
}

function ModelFacts({ model, tier }: { model: ModelHere; tier: PrivacyTier }): ReactElement {
  const { model: words, tiers } = useWords().chat;
  const language = useLanguage();
  const speed = useStore(useServices().models.speeds)[model.name];
  const within = offersWithin(model.offers, tier);
  const facts = [
    model.isStored ? null : within.length === 0 ? tiers.elsewhere : offerText(tiers, within, language),
    model.bytes === null ? null : size(model.bytes, language),
    model.quantization,
    model.isStored ? (model.licence ?? words.noLicence) : null,
    model.contextTokens === null ? null : words.context(roundCount(model.contextTokens, language)),
    speed === undefined ? (model.isStored ? words.noSpeed : null) : words.speed(measure(speed, language)),
  ];
  return <span className="quiet small">{facts.filter((fact) => fact !== null).join(' · ')}</span>;
}
