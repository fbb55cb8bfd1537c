import type { ReactElement } from 'react';
import { measure } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { type Place, type PlacedPeer, towards } from './graph-layout.ts';
import { useNetworkWords } from './network-words.ts';

/** Where on the way to the node the round trip is said. */
const WORDS_AT = 0.56;
/** Up to so many ms a line is thick, and the thinner the longer it takes. */
const THICK_MS = 5;
const WIDTH = { least: 1, most: 3 };

export interface GraphEdgeProps {
  from: Place;
  placed: PlacedPeer;
}

export function GraphEdge({ from, placed }: GraphEdgeProps): ReactElement | null {
  const { connection } = placed.peer;
  if (connection === null) return null;
  const [begin, end] = [towards(from, placed, from.radius), towards(placed, from, placed.radius)];
  return (
    <g className={`swarm-edge swarm-edge-${connection.reach}`}>
      <line x1={begin.x} y1={begin.y} x2={end.x} y2={end.y} strokeWidth={widthOf(connection.roundTripMs)} />
    </g>
  );
}

/** Apart from the lines: nothing is drawn over words. */
export function EdgeWords({ from, placed }: GraphEdgeProps): ReactElement | null {
  const words = useNetworkWords();
  const language = useLanguage();
  const roundTripMs = placed.peer.connection?.roundTripMs ?? null;
  if (roundTripMs === null) return null;
  const length = Math.hypot(placed.x - from.x, placed.y - from.y);
  const middle = towards(from, placed, length * WORDS_AT);
  return (
    <text className="swarm-edge-words" x={middle.x} y={middle.y + 4} textAnchor="middle">
      {words.graph.ms(measure(roundTripMs, language))}
    </text>
  );
}

function widthOf(roundTripMs: number | null): number {
  if (roundTripMs === null) return WIDTH.least;
  const share = Math.min(1, Math.sqrt(THICK_MS / Math.max(THICK_MS, roundTripMs)));
  return WIDTH.least + (WIDTH.most - WIDTH.least) * share;
}
