import type { ReactElement } from 'react';
import { measure, roundCount, size } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import type { ModelHere } from '../models-here/model-list.ts';
import { useServices } from '../services/services.ts';
import { hrefOf } from '../state/route.ts';
import { useStore } from '../state/store.ts';
import { Dialog } from '../ui/dialog.tsx';

export interface ModelDialogProps {
  chosen: string | null;
  onChoose: (name: string) => void;
  onClose: () => void;
}

export function ModelDialog({ chosen, onChoose, onClose }: ModelDialogProps): ReactElement {
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
              <ModelFacts model={model} />
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

function ModelFacts({ model }: { model: ModelHere }): ReactElement {
  const words = useWords().chat.model;
  const language = useLanguage();
  const speed = useStore(useServices().models.speeds)[model.name];
  const facts = [
    model.bytes === null ? null : size(model.bytes, language),
    model.quantization,
    model.licence ?? words.noLicence,
    model.contextTokens === null ? null : words.context(roundCount(model.contextTokens, language)),
    speed === undefined ? words.noSpeed : words.speed(measure(speed, language)),
  ];
  return <span className="quiet small">{facts.filter((fact) => fact !== null).join(' · ')}</span>;
}
