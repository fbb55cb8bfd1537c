import type { PanelRunDetail } from '@filon/core/panel/training';
import type { Evaluation } from '@filon/core/training/run';
import type { ReactElement } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import type { Language } from '../state/preferences.ts';
import { Notice } from '../ui/notice.tsx';
import { digits, type TrainingWords, useTrainingWords } from './training-words.ts';

/** What was learnt, in numbers of texts that were never trained on. */
export function EvaluationTable({ run }: { run: PanelRunDetail }): ReactElement {
  const { evaluation: words } = useTrainingWords();
  const language = useLanguage();
  const { before, after } = run;
  const rows = rowsOf(words, language).filter(({ of }) => of(before) !== null || of(after) !== null);
  return (
    <section aria-labelledby="evaluation-title">
      <h2 id="evaluation-title">{words.title}</h2>
      {rows.length === 0 ? (
        <p className="panel-empty">{words.pending}</p>
      ) : (
        <table className="panel-table" aria-labelledby="evaluation-title">
          <thead>
            <tr>
              <th scope="col">{words.measure}</th>
              <th scope="col" className="number">
                {words.before}
              </th>
              <th scope="col" className="number">
                {words.after}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, of }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number">{of(before) ?? words.none}</td>
                <td className="number">{of(after) ?? words.none}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <GeneralRise run={run} />
    </section>
  );
}

interface Row {
  name: string;
  of: (evaluation: Evaluation | null) => string | null;
}

function rowsOf(words: TrainingWords['evaluation'], language: Language): Row[] {
  const number = (value: number | null | undefined): string | null =>
    value == null ? null : digits(value, language);
  return [
    { name: words.heldOutLoss, of: (one) => number(one?.heldOut?.loss) },
    { name: words.heldOutPerplexity, of: (one) => number(one?.heldOut?.perplexity) },
    { name: words.bitsPerByte, of: (one) => number(one?.heldOut?.bitsPerByte) },
    {
      name: words.choices,
      of: (one) => {
        const choices = one?.choices ?? null;
        return choices === null
          ? null
          : words.choicesOf(count(choices.right, language), count(choices.all, language));
      },
    },
    { name: words.general, of: (one) => number(one?.general?.perplexity) },
  ];
}

/** A model that forgot what it knew is not offered. */
function GeneralRise({ run }: { run: PanelRunDetail }): ReactElement | null {
  const { evaluation: words } = useTrainingWords();
  const language = useLanguage();
  const { generalRise, generalRiseMax } = run;
  if (generalRise === null) return null;
  const share = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
  const text = words.rise(share.format(generalRise), share.format(generalRiseMax));
  if (generalRise <= generalRiseMax) return <p className="small quiet">{text}</p>;
  return <Notice kind="error" text={`${text} ${words.notPublished}`} />;
}
