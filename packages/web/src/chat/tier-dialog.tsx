/** Who may answer. What is wider than ever before is agreed to first, in words that say who can read the text. */
import { type PrivacyTier, TIERS, tierAllows } from '@filon/core/serving/tier';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import { useLanguage, useWords } from '../i18n/words.ts';
import type { ModelHere } from '../models-here/model-list.ts';
import { offersWithin } from '../models-here/offers.ts';
import { useServices } from '../services/services.ts';
import { preferences } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';
import { chooseTier } from '../state/tiers.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { offerText, TIER_ICONS } from './tier-words.ts';

export interface TierDialogProps {
  tier: PrivacyTier;
  model: string | null;
  /** Something was said in this conversation already. */
  hasBegun: boolean;
  onChoose: (tier: PrivacyTier) => void;
  onClose: () => void;
}

export function TierDialog({ tier, model, hasBegun, onChoose, onClose }: TierDialogProps): ReactElement {
  const { tiers: words } = useWords().chat;
  const { tierAllowed } = useStore(preferences);
  const [wanted, want] = useState(tier);
  const [isAsking, ask] = useState(false);
  const use = (): void => {
    chooseTier(wanted);
    onChoose(wanted);
    onClose();
  };
  return (
    <Dialog heading={isAsking ? words.consent.heading : words.heading} onClose={onClose}>
      {isAsking ? (
        <Consent {...{ tier: wanted, hasBegun }} onAgree={use} onLeave={() => ask(false)} />
      ) : (
        <>
          <TierList {...{ wanted, model }} onWant={want} />
          <button
            type="button"
            className="button button-main"
            onClick={() => (tierAllows(tierAllowed, wanted) ? use() : ask(true))}
          >
            {words.use[wanted]}
          </button>
        </>
      )}
    </Dialog>
  );
}

interface TierListProps {
  wanted: PrivacyTier;
  model: string | null;
  onWant: (tier: PrivacyTier) => void;
}

/** The focus is at what is chosen, also after somebody did not agree to more. */
function TierList({ wanted, model, onWant }: TierListProps): ReactElement {
  const { tiers: words } = useWords().chat;
  const state = useStore(useServices().models.state);
  const list = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    const chosenInput = list.current?.querySelector<HTMLInputElement>(':checked');
    // The window opens after this, and puts the focus where it finds the attribute.
    chosenInput?.setAttribute('autofocus', '');
    chosenInput?.focus();
  }, []);
  const tierMax = state.kind === 'here' ? state.tierMax : 'own';
  const chosen = state.kind === 'here' ? state.models.find(({ name }) => name === model) : undefined;
  return (
    <fieldset ref={list} className="model-list">
      <legend className="sr-only">{words.heading}</legend>
      {TIERS.filter((one) => tierAllows(tierMax, one)).map((one) => (
        <TierChoice
          key={one}
          tier={one}
          model={chosen}
          isChosen={one === wanted}
          onChoose={() => onWant(one)}
        />
      ))}
    </fieldset>
  );
}

interface TierChoiceProps {
  tier: PrivacyTier;
  model: ModelHere | undefined;
  isChosen: boolean;
  onChoose: () => void;
}

function TierChoice({ tier, model, isChosen, onChoose }: TierChoiceProps): ReactElement {
  const { tiers: words } = useWords().chat;
  const language = useLanguage();
  const offers = model === undefined ? [] : offersWithin(model.offers, tier);
  return (
    <label className="model-choice">
      <input type="radio" name="tier" checked={isChosen} onChange={onChoose} />
      <span className="model-choice-text">
        <strong className="tier-name">
          <Icon name={TIER_ICONS[tier]} />
          {words.names[tier]}
        </strong>
        <span>{words.who[tier]}</span>
        {model === undefined ? null : (
          <span className="quiet small">
            {[
              model.isStored ? words.thisNode : null,
              offers.length === 0 ? null : offerText(words, offers, language),
              model.isStored || offers.length > 0 ? null : words.nobody(model.name),
            ]
              .filter((part) => part !== null)
              .join(' · ')}
          </span>
        )}
      </span>
    </label>
  );
}

interface ConsentProps {
  tier: PrivacyTier;
  hasBegun: boolean;
  onAgree: () => void;
  onLeave: () => void;
}

function Consent({ tier, hasBegun, onAgree, onLeave }: ConsentProps): ReactElement {
  const words = useWords();
  const { consent } = words.chat.tiers;
  const text = useRef<HTMLDivElement>(null);
  useEffect(() => text.current?.focus(), []);
  return (
    <section className="consent" aria-label={consent.heading}>
      <div ref={text} tabIndex={-1}>
        <p>{consent.reads[tier]}</p>
        {hasBegun ? <p>{consent.before}</p> : null}
        <p className="quiet small">{consent.later}</p>
      </div>
      <div className="row wrap">
        <button type="button" className="button button-main" onClick={onAgree}>
          {consent.agree[tier]}
        </button>
        <button type="button" className="button" onClick={onLeave}>
          {words.common.cancel}
        </button>
      </div>
    </section>
  );
}
