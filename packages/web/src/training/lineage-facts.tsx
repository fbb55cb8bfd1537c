import type { PanelRunDetail } from '@filon/core/panel/training';
import type { ReactElement } from 'react';
import { roundCount, size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { PlanFact, PlanFacts } from './plan-facts.tsx';
import { ShortHash } from './short-hash.tsx';
import { useTrainingWords } from './training-words.ts';

/** Where a run's result comes from, and what whoever passes it on must know. */
export function LineageFacts({ run }: { run: PanelRunDetail }): ReactElement {
  const { lineage: words } = useTrainingWords();
  const language = useLanguage();
  const { plan, lineage, result, device, parameters, trainedParameters, precision } = run;
  const hashes = [
    [words.recipe, lineage.recipe],
    [words.manifest, lineage.manifest],
    [words.tokenizer, lineage.tokenizer],
    [words.base, lineage.base?.sha256 ?? null],
    [words.result, result?.sha256 ?? null],
  ] as const;
  return (
    <section aria-labelledby="lineage-title">
      <h2 id="lineage-title">{words.title}</h2>
      <PlanFacts plan={plan}>
        {parameters === null || trainedParameters === null ? null : (
          <PlanFact name={words.parameters}>
            {words.trained(roundCount(trainedParameters, language), roundCount(parameters, language))}
          </PlanFact>
        )}
        {device === null ? null : (
          <PlanFact name={words.device}>
            {device}
            {precision === null ? null : ` · ${precision}`}
          </PlanFact>
        )}
        {result === null ? null : (
          <PlanFact name={words.result}>
            {result.name} · {size(result.bytes, language)}
          </PlanFact>
        )}
        <PlanFact name="sha256">
          {hashes.map(([name, hash]) =>
            hash === null ? null : (
              <span key={name} className="plan-hash">
                {name} <ShortHash hash={hash} />
              </span>
            ),
          )}
        </PlanFact>
        <PlanFact name={words.disclaimer}>{plan.disclaimer[language]}</PlanFact>
      </PlanFacts>
    </section>
  );
}
