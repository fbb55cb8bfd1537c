/** Under an answer: whose machine it came from, where that was not the node itself. */
import type { TokenPrice } from '@filon/core/serving/completion';
import { keyName } from '@filon/core/swarm/key-name';
import type { ReactElement } from 'react';
import type { Served } from '../conversation/served.ts';
import { isFree, priceText } from '../i18n/prices.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { Icon } from '../ui/icon.tsx';
import { TIER_ICONS } from './tier-words.ts';

export function ServedBy({ servedBy }: { servedBy: readonly Served[] }): ReactElement | null {
  const { served: words } = useWords().chat;
  const language = useLanguage();
  if (servedBy.length === 0) return null;
  const priceOf = ({ promptPico, answerPico }: TokenPrice): string =>
    words.price(priceText(promptPico, language), priceText(answerPico, language));
  const names = servedBy.map(({ node }) => (node === null ? words.thisNode : keyName(node)));
  const [first, ...later] = names;
  const widest = servedBy.reduce((one, other) => (rank(other) > rank(one) ? other : one));
  const facts = [
    words.by(first ?? '', words.whose[widest.tier]),
    servedBy.some(({ isUpstream }) => isUpstream) ? words.upstream : null,
    ...servedBy.map(({ price }) => (price === null || isFree(price) ? null : priceOf(price))),
  ];
  return (
    <p className="served small">
      <Icon name={TIER_ICONS[widest.tier]} />
      <span>{[...new Set(facts)].filter((fact) => fact !== null).join(' · ')}</span>
      {later.length === 0 ? null : (
        <span className="served-mark" title={words.continuedBy(later.join(', '))}>
          <Icon name="again" />
          {words.continued}
        </span>
      )}
    </p>
  );
}

function rank({ tier }: Served): number {
  return Object.keys(TIER_ICONS).indexOf(tier);
}
