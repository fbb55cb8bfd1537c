import type { PanelPlan, PanelSource } from '@filon/core/panel/training';
import type { ReactElement, ReactNode } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { useTrainingWords } from './training-words.ts';

/** What is trained on what, and which licences the result carries on. */
export function PlanFacts({ plan, children }: { plan: PanelPlan; children?: ReactNode }): ReactElement {
  const { plan: words } = useTrainingWords();
  const language = useLanguage();
  const { base, method, sources, licences, obliges } = plan;
  return (
    <dl className="plan-facts">
      <PlanFact name={words.begins}>{base ?? words.fresh}</PlanFact>
      <PlanFact name={words.method}>
        {method.kind === 'full' ? words.full : words.lora(count(method.rank, language))}
      </PlanFact>
      <PlanFact name={words.sources}>
        {sources.map((source) => (
          <Source key={source.name} source={source} />
        ))}
      </PlanFact>
      <PlanFact name={words.licences}>{licences.join(', ')}</PlanFact>
      {obliges.length === 0 ? null : (
        <PlanFact name={words.obliges}>
          <span lang="en">{obliges.join(' ')}</span>
        </PlanFact>
      )}
      {children}
    </dl>
  );
}

export function PlanFact({ name, children }: { name: string; children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Source({ source: { name, origin, licence, tried } }: { source: PanelSource }): ReactElement {
  const { untried } = useTrainingWords().plan;
  return (
    <span className="plan-source">
      {name} · {licence}
      {tried ? null : ` · ${untried}`}
      <span className="cell-more" lang="en">
        {origin}
      </span>
    </span>
  );
}
