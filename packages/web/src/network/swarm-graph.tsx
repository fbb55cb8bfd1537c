/**
 * The swarm as a picture: this node in the middle, the others around it. It is for eyes and pointers; the table below has
 * the same for the keyboard and for screen readers.
 */
import type { PanelMachine, PanelNetwork, PanelSelf, PanelWay } from '@filon/core/panel/network';
import { type ReactElement, useMemo } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { EdgeWords, GraphEdge } from './graph-edge.tsx';
import { type Layout, layOut, type Place } from './graph-layout.ts';
import { GraphLegend } from './graph-legend.tsx';
import { GraphNode } from './graph-node.tsx';
import { GraphWay } from './graph-way.tsx';
import { useNetworkWords } from './network-words.ts';
import { useSize } from './use-size.ts';

export interface SwarmGraphProps {
  network: PanelNetwork;
  self: PanelSelf;
  /** Key of a node. */
  selected: string;
  /** Drawn; null: none. */
  way: PanelWay | null;
  onSelect: (key: string) => void;
}

export function SwarmGraph({ network, self, selected, way, onSelect }: SwarmGraphProps): ReactElement {
  const words = useNetworkWords();
  const language = useLanguage();
  const { box, size } = useSize<SVGSVGElement>();
  const { peers, totals } = network;
  const layout = useMemo(() => layOut(self, peers, size), [self, peers, size]);
  const hidden = totals.peers - peers.length;
  return (
    <figure className="swarm">
      <div className="swarm-stage">
        <svg
          ref={box}
          className="swarm-picture"
          viewBox={`0 0 ${size.width} ${size.height}`}
          role="img"
          aria-label={words.graph.label(count(peers.length, language))}
        >
          <Lines {...{ layout, selected, way }} />
          <Nodes {...{ layout, self, selected }} />
        </svg>
        <div aria-hidden="true">
          <NodeHit machine={self} place={layout.self} isSmall={false} onSelect={onSelect} />
          {layout.peers.map((placed) => (
            <NodeHit
              key={placed.peer.key}
              machine={placed.peer}
              place={placed}
              isSmall={layout.isCrowd}
              onSelect={onSelect}
            />
          ))}
        </div>
      </div>
      {hidden > 0 ? <p className="quiet small">{words.graph.more(count(hidden, language))}</p> : null}
      <GraphLegend />
    </figure>
  );
}

/** Edges first, the way over them, and the words of both over all. */
function Lines({ layout, selected, way }: Pick<SwarmGraphProps, 'selected' | 'way'> & { layout: Layout }) {
  const drawn = layout.peers.filter(({ peer }) => peer.key === selected || !layout.isCrowd);
  const worded = drawn.filter(
    ({ peer, isLabelled }) => peer.key === selected || (isLabelled && !layout.isNarrow),
  );
  return (
    <>
      {drawn.map((placed) => (
        <GraphEdge key={placed.peer.key} from={layout.self} placed={placed} />
      ))}
      {way === null ? null : <GraphWay way={way} layout={layout} />}
      {worded.map((placed) => (
        <EdgeWords key={placed.peer.key} from={layout.self} placed={placed} />
      ))}
    </>
  );
}

function Nodes({ layout, self, selected }: Pick<SwarmGraphProps, 'self' | 'selected'> & { layout: Layout }) {
  const { isNarrow, isCrowd, peers } = layout;
  return (
    <>
      <GraphNode
        {...{ machine: self, place: layout.self, tier: 'own', isSelf: true, isAway: false, isNarrow }}
        isLabelled={!isCrowd}
        isAbove={false}
        isSelected={selected === self.key}
      />
      {peers.map(({ peer, isLabelled, isAbove, ...place }) => (
        <GraphNode
          key={peer.key}
          {...{ machine: peer, place, tier: peer.tier, isSelf: false, isAbove, isNarrow }}
          isLabelled={isLabelled || peer.key === selected}
          isAway={peer.connection === null}
          isSelected={peer.key === selected}
        />
      ))}
    </>
  );
}

/** What a finger hits well. */
const HIT_PX = 44;
const HIT_EDGE_PX = 3;

interface NodeHitProps {
  machine: PanelMachine;
  place: Place;
  isSmall: boolean;
  onSelect: (key: string) => void;
}

/** What a pointer hits. No stop of the keyboard: the table has a button for each node. */
function NodeHit({ machine, place, isSmall, onSelect }: NodeHitProps): ReactElement {
  const size = Math.max(isSmall ? 0 : HIT_PX, 2 * place.radius + HIT_EDGE_PX);
  return (
    <button
      type="button"
      tabIndex={-1}
      className="swarm-hit"
      title={machine.name}
      style={{ left: place.x, top: place.y, width: size, height: size }}
      onClick={() => onSelect(machine.key)}
    />
  );
}
