/** In the settings: takes back what was agreed to. */
import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { preferences } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';
import { revokeTiers } from '../state/tiers.ts';

export function TierConsent(): ReactElement | null {
  const { tiers: words } = useWords().chat;
  const { tierAllowed } = useStore(preferences);
  if (tierAllowed === 'own') return null;
  return (
    <section className="field" aria-labelledby="tier-consent">
      <h3 id="tier-consent">{words.open}</h3>
      <p>{words.allowed[tierAllowed]}</p>
      <p>
        <button type="button" className="button" onClick={revokeTiers}>
          {words.revoke}
        </button>
      </p>
    </section>
  );
}
