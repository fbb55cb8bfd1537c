/** The swarm as the node knows it, every two seconds while somebody looks. */
import type { PanelNetwork, PanelSelf, PanelSwarm } from '@filon/core/panel/network';
import { type ReactElement, useState } from 'react';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { readNetwork } from '../panel/panel-api.ts';
import { failureOf } from '../panel/panel-words.ts';
import { usePolled } from '../panel/use-polled.ts';
import { Notice } from '../ui/notice.tsx';
import { EmptySwarm, LonelySwarm } from './empty-swarm.tsx';
import { useNetworkWords } from './network-words.ts';
import { NodeDetails } from './node-details.tsx';
import { NodeTable } from './node-table.tsx';
import { SwarmFacts } from './swarm-facts.tsx';
import { SwarmGraph } from './swarm-graph.tsx';
import { WayList } from './way-list.tsx';

const NETWORK_EVERY_MS = 2000;

export function NetworkContent(): ReactElement {
  const words = useNetworkWords();
  const { value, failure } = usePolled(readNetwork, NETWORK_EVERY_MS);
  if (value === null && failure === null) return <p className="quiet">{words.loading}</p>;
  return (
    <>
      {failure === null ? null : <FailureNotice failure={failureOf(failure)} isNews />}
      {value === null ? null : <Swarm network={value} />}
    </>
  );
}

function Swarm({ network }: { network: PanelNetwork }): ReactElement {
  const { swarm, self, peers } = network;
  const [chosenKey, chooseNode] = useState<string | null>(null);
  const [chosenWay, chooseWay] = useState<number | null>(null);
  if (swarm === null || self === null) return <EmptySwarm />;
  const way = network.ways.find(({ id }) => id === chosenWay) ?? network.ways[0] ?? null;
  const selected = chosenKey ?? self.key;
  return (
    <>
      <SwarmNotices swarm={swarm} self={self} />
      <SwarmFacts network={network} swarm={swarm} self={self} />
      {peers.length === 0 ? <LonelySwarm /> : null}
      <div className="network">
        <SwarmGraph {...{ network, self, selected, way }} onSelect={chooseNode} />
        <NodeDetails network={network} self={self} selected={selected} />
        <WayList network={network} shown={way?.id ?? null} onShow={chooseWay} />
      </div>
      <NodeTable network={network} self={self} selected={selected} onSelect={chooseNode} />
    </>
  );
}

/** What keeps the swarm from working, the worst alone. */
function SwarmNotices({ swarm, self }: { swarm: PanelSwarm; self: PanelSelf }): ReactElement | null {
  const { notices } = useNetworkWords();
  if (!swarm.isMember) return <Notice kind="error" text={notices.expired} />;
  if (swarm.hasReachable === false) return <Notice kind="error" text={notices.noneReachable} />;
  return self.reach === 'none' ? <Notice kind="info" text={notices.selfUnreachable} /> : null;
}
