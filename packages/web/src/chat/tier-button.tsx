/** In the bar: who may answer, and what that may cost. There is none where the node knows no others. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ReactElement } from 'react';
import { useLanguage, useWords } from '../i18n/words.ts';
import { useServices } from '../services/services.ts';
import { useStore } from '../state/store.ts';
import { Icon } from '../ui/icon.tsx';
import { type Asked, costText, TIER_ICONS } from './tier-words.ts';

export interface TierButtonProps {
  tier: PrivacyTier;
  model: string | null;
  asked: Asked;
  onOpen: () => void;
}

export function TierButton({ tier, model, asked, onOpen }: TierButtonProps): ReactElement | null {
  const { tiers: words } = useWords().chat;
  const language = useLanguage();
  const state = useStore(useServices().models.state);
  if (state.kind !== 'here' || (state.swarm === null && tier === 'own')) return null;
  const chosen = state.models.find(({ name }) => name === model);
  const cost = chosen === undefined ? null : costText(chosen, tier, asked, language);
  return (
    <button
      type="button"
      className="button tier-button"
      aria-haspopup="dialog"
      title={cost === null ? words.open : words.atMostLong(cost)}
      onClick={onOpen}
    >
      <Icon name={TIER_ICONS[tier]} />
      <span className="tier-text">
        <span>
          <span className="sr-only">{words.open}: </span>
          {words.names[tier]}
        </span>
        <span className="quiet">{cost === null ? words.free : words.atMost(cost)}</span>
      </span>
    </button>
  );
}
