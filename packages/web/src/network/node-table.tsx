import type { PanelMachine, PanelNetwork, PanelPeer, PanelSelf } from '@filon/core/panel/network';
import type { ReactElement } from 'react';
import { measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { useNetworkWords } from './network-words.ts';

export interface NodeTableProps {
  network: PanelNetwork;
  self: PanelSelf;
  selected: string;
  onSelect: (key: string) => void;
}

/** The picture in words. */
export function NodeTable({ network, self, selected, onSelect }: NodeTableProps): ReactElement {
  const words = useNetworkWords();
  const rowOf = (machine: PanelMachine, whose: string, reached: ReactElement): ReactElement => (
    <NodeRow
      key={machine.key}
      {...{ machine, whose, reached }}
      isSelected={machine.key === selected}
      onSelect={() => onSelect(machine.key)}
    />
  );
  return (
    <section aria-labelledby="nodes-title">
      <h2 id="nodes-title">{words.table.title}</h2>
      <table className="panel-table node-table" aria-labelledby="nodes-title">
        <thead>
          <tr>
            <th scope="col">{words.table.node}</th>
            <th scope="col">{words.table.models}</th>
            <th scope="col">{words.table.reached}</th>
          </tr>
        </thead>
        <tbody>
          {rowOf(self, words.self, <span>{words.selfReach[self.reach]}</span>)}
          {network.peers.map((peer) => rowOf(peer, words.tiers[peer.tier], <Reached peer={peer} />))}
        </tbody>
      </table>
    </section>
  );
}

interface NodeRowProps {
  machine: PanelMachine;
  whose: string;
  reached: ReactElement;
  isSelected: boolean;
  onSelect: () => void;
}

function NodeRow({ machine, whose, reached, isSelected, onSelect }: NodeRowProps): ReactElement {
  const words = useNetworkWords();
  const language = useLanguage();
  const { name, models } = machine;
  return (
    <tr data-selected={isSelected}>
      <th scope="row">
        <button
          type="button"
          className="node-button"
          aria-label={words.table.show(name)}
          aria-pressed={isSelected}
          aria-controls="node-details"
          onClick={onSelect}
        >
          {name}
        </button>
        <span className="cell-more">{whose}</span>
      </th>
      <td>
        {models.length === 0 ? <span className="quiet">{words.details.noModels}</span> : null}
        {models.map((model) => (
          <span key={`${model.name} ${model.upstream}`} className="node-model">
            {model.name}
            {model.upstream === null ? null : <span className="quiet small">{words.details.upstream}</span>}
            {model.tokensPerSecond === null ? null : (
              <span className="quiet small">
                {words.details.perSecond(measure(model.tokensPerSecond, language))}
              </span>
            )}
          </span>
        ))}
      </td>
      <td>{reached}</td>
    </tr>
  );
}

function Reached({ peer }: { peer: PanelPeer }): ReactElement {
  const words = useNetworkWords();
  const language = useLanguage();
  if (peer.connection === null) return <span className="quiet">{words.away}</span>;
  const { reach, roundTripMs } = peer.connection;
  return (
    <>
      {words.reach[reach]}
      {roundTripMs === null ? null : (
        <span className="cell-more">{words.graph.ms(measure(roundTripMs, language))}</span>
      )}
    </>
  );
}
