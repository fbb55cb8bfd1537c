import type { PanelMachine } from '@filon/core/panel/network';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ReactElement } from 'react';
import { filledPath, loadOf, type Place } from './graph-layout.ts';
import { useNetworkWords } from './network-words.ts';

export interface GraphNodeProps {
  machine: PanelMachine;
  place: Place;
  tier: PrivacyTier;
  isSelf: boolean;
  isLabelled: boolean;
  /** It is known, and not connected. */
  isAway: boolean;
  isSelected: boolean;
  isAbove: boolean;
  isNarrow: boolean;
}

/** Of a model's name. */
const CHARACTERS_MAX = { narrow: 10, wide: 18 };
const LINE_PX = 15;

export function GraphNode(props: GraphNodeProps): ReactElement {
  const { machine, place, tier, isSelf, isAway, isSelected } = props;
  const { x, y, radius } = place;
  const kind = `swarm-node swarm-${tier}${isSelf ? ' swarm-self' : ''}${isAway ? ' swarm-away' : ''}`;
  return (
    <g className={kind}>
      {isSelected ? <circle className="swarm-selected" cx={x} cy={y} r={radius + 5} /> : null}
      <circle className="swarm-ground" cx={x} cy={y} r={radius} />
      <path className="swarm-load" d={filledPath(place, loadOf(machine) ?? 0)} />
      <circle className="swarm-ring" cx={x} cy={y} r={radius} />
      {props.isLabelled ? <NodeWords {...props} /> : null}
    </g>
  );
}

function NodeWords({ machine, place, isSelf, isAbove, isNarrow }: GraphNodeProps): ReactElement {
  const words = useNetworkWords();
  const { x, y, radius } = place;
  const [first] = machine.models.toSorted(
    (one, other) => (other.tokensPerSecond ?? 0) - (one.tokensPerSecond ?? 0),
  );
  const top = isAbove ? y - radius - (first === undefined ? 9 : 9 + LINE_PX) : y + radius + 17;
  return (
    <text x={x} y={top} textAnchor="middle">
      <tspan className="swarm-name">{isSelf ? words.self : machine.name}</tspan>
      {first === undefined ? null : (
        <tspan x={x} dy={LINE_PX}>
          {words.graph.models(
            shortened(first.name, isNarrow ? CHARACTERS_MAX.narrow : CHARACTERS_MAX.wide),
            machine.models.length - 1,
          )}
        </tspan>
      )}
    </text>
  );
}

function shortened(name: string, charactersMax: number): string {
  return name.length <= charactersMax ? name : `${name.slice(0, charactersMax - 1)}…`;
}
