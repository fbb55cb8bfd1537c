import type { PanelNetwork, PanelSelf, PanelSwarm } from '@filon/core/panel/network';
import type { ReactElement } from 'react';
import { count, measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { useNetworkWords } from './network-words.ts';

export interface SwarmFactsProps {
  network: PanelNetwork;
  swarm: PanelSwarm;
  self: PanelSelf;
}

export function SwarmFacts({ network, swarm, self }: SwarmFactsProps): ReactElement {
  const words = useNetworkWords();
  const { facts } = words;
  const language = useLanguage();
  const { peers, connected, tokensPerSecond } = network.totals;
  const until = new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(swarm.expiresMs);
  return (
    <>
      <p className="quiet network-summary">
        {peers === 0 ? words.alone : words.summary(count(connected, language), count(peers, language))}
      </p>
      <dl className="fact-row">
        <div>
          <dt>{facts.swarm}</dt>
          <dd>{swarm.name}</dd>
        </div>
        <div>
          <dt>{facts.reach}</dt>
          <dd>{words.selfReach[self.reach]}</dd>
        </div>
        <div>
          <dt>{facts.together}</dt>
          <dd>{facts.tokens(measure(tokensPerSecond, language))}</dd>
        </div>
        <div>
          <dt>{facts.membership}</dt>
          <dd>
            {swarm.isMember ? until : facts.expired}
            {swarm.mayInvite ? <span className="cell-more">{facts.invites}</span> : null}
          </dd>
        </div>
      </dl>
    </>
  );
}
