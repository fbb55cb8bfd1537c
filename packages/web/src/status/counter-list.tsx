import type { PanelStatus } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { useStatusWords } from './status-words.ts';

const SHOWN = [
  'generatedTokens',
  'promptTokens',
  'cachedTokens',
  'answered',
  'refused',
  'resumed',
  'workerDeaths',
] as const;

export function CounterList({ counters }: { counters: PanelStatus['counters'] }): ReactElement {
  const { counters: words } = useStatusWords();
  const language = useLanguage();
  return (
    <section aria-labelledby="counters-title">
      <h2 id="counters-title">{words.title}</h2>
      <dl className="fact-row">
        {SHOWN.map((name) => (
          <div key={name}>
            <dt>{words[name]}</dt>
            <dd>{count(counters[name], language)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
