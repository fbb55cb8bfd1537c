import type { PanelNetwork, PanelWay } from '@filon/core/panel/network';
import type { ReactElement } from 'react';
import { count, measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { agoText } from '../panel/times.ts';
import { Icon } from '../ui/icon.tsx';
import { useNetworkWords } from './network-words.ts';

export interface WayListProps {
  network: PanelNetwork;
  /** Id of the one that is drawn. */
  shown: number | null;
  onShow: (id: number) => void;
}

export function WayList({ network, shown, onShow }: WayListProps): ReactElement {
  const { ways: words } = useNetworkWords();
  return (
    <section className="network-ways" aria-labelledby="ways-title">
      <h2 id="ways-title">{words.title}</h2>
      {network.ways.length === 0 ? (
        <p className="panel-empty">{words.empty}</p>
      ) : (
        <ol className="ways">
          {network.ways.map((way) => (
            <li key={way.id}>
              <WayRow
                {...{ way, nowMs: network.atMs }}
                isShown={way.id === shown}
                onShow={() => onShow(way.id)}
              />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

interface WayRowProps {
  way: PanelWay;
  nowMs: number;
  isShown: boolean;
  onShow: () => void;
}

function WayRow({ way, nowMs, isShown, onShow }: WayRowProps): ReactElement {
  const { ways: words } = useNetworkWords();
  const language = useLanguage();
  const { atMs, model, tokens, tookMs, pauses, steps } = way;
  const tokensText = count(tokens, language);
  const rate = tookMs > 0 ? words.tokens(tokensText, measure((tokens * 1000) / tookMs, language)) : null;
  return (
    <button type="button" className="way" aria-pressed={isShown} title={words.show(way.id)} onClick={onShow}>
      <span className="way-head">
        <strong>{model}</strong>
        <span className="quiet small">{agoText(nowMs - atMs, language)}</span>
      </span>
      <Steps steps={steps} />
      <span className="quiet small">{rate ?? words.tokensOnly(tokensText)}</span>
      {pauses === 0 ? null : (
        <span className="way-mark small">
          <Icon name="again" />
          {steps.length > 1 ? words.continued : words.resumed}
        </span>
      )}
    </button>
  );
}

function Steps({ steps }: Pick<PanelWay, 'steps'>): ReactElement {
  const words = useNetworkWords();
  return (
    <span className="way-steps">
      {steps
        .map((step, id) => ({ ...step, id }))
        .map(({ id, node, name, tier, numericClass, isUpstream }) => (
          <span key={id} className="way-step">
            {id === 0 ? null : <Icon name="right" />}
            {node === null ? words.self : name}
            <span className="quiet small">
              {[words.tiers[tier], numericClass, isUpstream ? words.ways.upstream : null]
                .filter((part) => part !== null)
                .join(' · ')}
            </span>
          </span>
        ))}
    </span>
  );
}
