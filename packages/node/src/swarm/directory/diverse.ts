/**
 * Choosing peers so that no one party can be all of them: by the part of the network they are in and by their operator,
 * each group counting once, however many nodes stand in it.
 */
import type { KeyId } from '@filon/core/swarm/key-id';

export interface Placed {
  node: KeyId;
  operator: KeyId;
  addresses: readonly string[];
}

const IPV4 = /(?<![\d.])(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}(?![\d.])/;
const NAME = /\/dns[46]?\/([^/]+)/;
const IPV6 = /(?<![\da-f:])([\da-f]{1,4}):([\da-f]{0,4}):[\da-f:]*/i;

/** What somebody who rents addresses gets many of at once: a /16 of IPv4, a /32 of IPv6, a domain; else the address itself. */
export function partOf(address: string): string {
  const v4 = IPV4.exec(address);
  if (v4) return `${v4[1]}.${v4[2]}`;
  const v6 = IPV6.exec(address);
  if (v6) return `${v6[1]}:${v6[2]}`.toLowerCase();
  const labels = NAME.exec(address)?.[1]?.toLowerCase().split('.');
  return labels ? labels.slice(-2).join('.') : address;
}

const part = ({ addresses }: Placed): string => partOf(addresses[0] ?? '');

/**
 * Up to `count` of `candidates`, one after another: of the parts that were chosen least so far one by lot, in it one of
 * the operators that were, and of that one's nodes one by lot. `taken` count as chosen. `draw`: 0 to below 1.
 */
export function pickDiverse<T extends Placed>(
  candidates: readonly T[],
  count: number,
  { taken, draw }: { taken: readonly Placed[]; draw: () => number },
): T[] {
  const left = new Set(candidates);
  const chosen: Placed[] = [...taken];
  const picked: T[] = [];
  while (picked.length < count && left.size > 0) {
    const inPart = leastChosen([...left], chosen, { by: part, draw });
    const ofOperator = leastChosen(inPart, chosen, { by: ({ operator }) => operator, draw });
    const one = ofOperator[Math.floor(draw() * ofOperator.length)];
    if (!one) break;
    left.delete(one);
    chosen.push(one);
    picked.push(one);
  }
  return picked;
}

/** The members of one group by lot, of those groups with the fewest chosen. */
function leastChosen<T extends Placed>(
  members: readonly T[],
  chosen: readonly Placed[],
  { by, draw }: { by: (one: Placed) => string; draw: () => number },
): T[] {
  const groups = Map.groupBy(members, by);
  const counts = Map.groupBy(chosen, by);
  const countOf = (name: string): number => counts.get(name)?.length ?? 0;
  const fewest = Math.min(...[...groups.keys()].map(countOf));
  const names = [...groups.keys()].filter((name) => countOf(name) === fewest);
  return groups.get(names[Math.floor(draw() * names.length)] ?? '') ?? [];
}
