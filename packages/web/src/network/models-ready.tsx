import type { PanelServed } from '@filon/core/panel/network';
import type { ReactElement } from 'react';
import { count, measure } from '../i18n/numbers.ts';
import { isFree, priceText } from '../i18n/prices.ts';
import { useLanguage } from '../i18n/words.ts';
import { useNetworkWords } from './network-words.ts';

export function ModelsReady({ models }: { models: readonly PanelServed[] }): ReactElement {
  const { details } = useNetworkWords();
  return (
    <section className="models-ready" aria-label={details.models}>
      <h3>{details.models}</h3>
      {models.length === 0 ? (
        <p className="quiet">{details.noModels}</p>
      ) : (
        <ul>
          {models.map((served) => (
            <ReadyModel key={`${served.name} ${served.upstream}`} served={served} />
          ))}
        </ul>
      )}
    </section>
  );
}

function ReadyModel({ served }: { served: PanelServed }): ReactElement {
  const { details } = useNetworkWords();
  const language = useLanguage();
  const { name, tokensPerSecond, price, load, sessionsMax, numericClass, upstream } = served;
  const kind = numericClass === null ? details.fast : details.exact(numericClass);
  const places = count(sessionsMax, language);
  const facts = [
    load === null ? details.places(places) : details.busy(count(load.active, language), places),
    load === null || load.queued === 0 ? null : details.queued(count(load.queued, language)),
    price === null || isFree(price)
      ? details.free
      : details.price(priceText(price.promptPico, language), priceText(price.answerPico, language)),
    upstream === null ? kind : details.upstream,
  ];
  return (
    <li>
      <span className="ready-head">
        <strong>{name}</strong>
        <span>
          {tokensPerSecond === null ? details.noSpeed : details.perSecond(measure(tokensPerSecond, language))}
        </span>
      </span>
      {load === null ? null : (
        <progress aria-hidden="true" max={sessionsMax} value={Math.min(sessionsMax, load.active)} />
      )}
      <span className="quiet small">{facts.filter((fact) => fact !== null).join(' · ')}</span>
    </li>
  );
}
