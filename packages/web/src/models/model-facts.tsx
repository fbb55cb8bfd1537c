import type { PanelModel } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { count, size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { licenceText, useModelsWords } from './model-words.ts';

export function ModelFacts({ model }: { model: PanelModel }): ReactElement {
  const words = useModelsWords();
  const { facts } = words;
  const language = useLanguage();
  const { bytes, contextTokens, architecture, licence, loaded } = model;
  const meaning = licenceText(words, licence);
  return (
    <dl className="model-facts">
      <Fact name={facts.size} value={size(bytes, language)} />
      <Fact name={facts.context} value={facts.contextTokens(count(contextTokens, language))} />
      <Fact name={facts.family} value={architecture} />
      {loaded === null ? null : (
        <>
          <Fact
            name={facts.sessions}
            value={facts.sessionsOf(count(loaded.sessions, language), count(loaded.sessionsMax, language))}
          />
          <Fact name={facts.device} value={loaded.device} />
          <Fact name={facts.mode} value={facts.modes[loaded.mode]} />
        </>
      )}
      <Fact name={facts.licence} value={licence ?? facts.licenceUnknown} more={meaning} />
    </dl>
  );
}

function Fact({ name, value, more }: { name: string; value: string; more?: string | null }): ReactElement {
  return (
    <div className={more ? 'fact-wide' : undefined}>
      <dt>{name}</dt>
      <dd>
        {value}
        {more ? <span className="quiet small"> {more}</span> : null}
      </dd>
    </div>
  );
}
