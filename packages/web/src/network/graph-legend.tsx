import type { ReactElement, ReactNode } from 'react';
import { useNetworkWords } from './network-words.ts';

const CENTER = { cx: 11, cy: 8 };

export function GraphLegend(): ReactElement {
  const { legend } = useNetworkWords();
  const reaches = ['direct', 'punched', 'relayed'] as const;
  const tiers = ['own', 'trusted', 'open'] as const;
  return (
    <ul className="swarm-legend small" aria-label={legend.title}>
      {tiers.map((tier) => (
        <Entry key={tier} words={legend[tier]}>
          <g className={`swarm-${tier}`}>
            <circle className="swarm-ring" {...CENTER} r="6" />
          </g>
        </Entry>
      ))}
      <Entry words={legend.size}>
        <circle className="swarm-ring" cx="5" cy="10" r="3" />
        <circle className="swarm-ring" cx="15" cy="8" r="6" />
      </Entry>
      <Entry words={legend.load}>
        <path className="swarm-load" d="M5.8 11A6 6 0 0 0 16.2 11Z" />
        <circle className="swarm-ring" {...CENTER} r="6" />
      </Entry>
      {reaches.map((reach) => (
        <Entry key={reach} words={legend[reach]}>
          <g className={`swarm-edge swarm-edge-${reach}`}>
            <line x1="1" y1="8" x2="21" y2="8" strokeWidth="2" />
          </g>
        </Entry>
      ))}
      <Entry words={legend.way}>
        <g className="swarm-way">
          <path d="M1 12Q11 0 21 12" />
        </g>
      </Entry>
    </ul>
  );
}

function Entry({ words, children }: { words: string; children: ReactNode }): ReactElement {
  return (
    <li>
      <svg viewBox="0 0 22 16" width="22" height="16" aria-hidden="true">
        {children}
      </svg>
      {words}
    </li>
  );
}
