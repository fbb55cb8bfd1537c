import type { Quote } from '@filon/core/training/quote';
import type { ReactElement } from 'react';
import { count, measure, size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { durationText } from '../panel/times.ts';
import { digits, useTrainingWords } from './training-words.ts';

/** What a run takes, as it was measured before its start. */
export function QuoteFacts({ quote, steps }: { quote: Quote; steps: number | null }): ReactElement {
  const { quote: words } = useTrainingWords();
  const language = useLanguage();
  const { seconds, kwh, cost, diskBytes } = quote;
  return (
    <div className="run-quote">
      <p className="small quiet">{words.ask}</p>
      <dl className="fact-row">
        <Fact name={words.steps} value={steps === null ? null : count(steps, language)} />
        <Fact name={words.time} value={seconds === null ? null : durationText(seconds * 1000)} />
        <Fact name={words.energy} value={kwh === null ? null : words.kwh(digits(kwh, language))} />
        <Fact name={words.cost} value={cost === null ? null : measure(cost, language)} />
        <Fact name={words.disk} value={size(diskBytes, language)} />
      </dl>
      {kwh === null ? <p className="small quiet">{words.noWatts}</p> : null}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | null }): ReactElement {
  const { unknown } = useTrainingWords().quote;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? <span className="quiet">{unknown}</span>}</dd>
    </div>
  );
}
