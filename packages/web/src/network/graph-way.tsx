import type { PanelWay } from '@filon/core/panel/network';
import type { ReactElement } from 'react';
import { bentPath, type Layout, type Place } from './graph-layout.ts';

const BEND = 0.16;

/** From this node to the first that answered, which was lost, and on to the one that ended it. Who is gone is left out. */
export function GraphWay({ way, layout }: { way: PanelWay; layout: Layout }): ReactElement {
  const places = placesOf(way, layout);
  const hops = places.map((to, id) => ({ id, from: places[id - 1] ?? layout.self, to }));
  return (
    <g className="swarm-way">
      <defs>
        <marker
          id="swarm-arrow"
          viewBox="0 0 8 8"
          refX="6"
          refY="4"
          markerWidth="5"
          markerHeight="5"
          orient="auto"
        >
          <path d="M0 0.5 7 4 0 7.5Z" />
        </marker>
      </defs>
      {hops.map(({ id, from, to }) =>
        from === to ? (
          <circle key={id} className="swarm-way-here" cx={to.x} cy={to.y} r={to.radius + 9} />
        ) : (
          <path
            key={id}
            className={id < hops.length - 1 ? 'swarm-way-lost' : undefined}
            d={bentPath(from, to, BEND)}
            markerEnd="url(#swarm-arrow)"
          />
        ),
      )}
    </g>
  );
}

function placesOf({ steps }: PanelWay, { self, peers }: Layout): Place[] {
  return steps.flatMap(({ node }) => {
    if (node === null) return [self];
    return peers.find(({ peer }) => peer.key === node) ?? [];
  });
}
