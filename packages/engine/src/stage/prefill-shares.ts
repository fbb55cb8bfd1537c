/**
 * How much of each waiting prompt goes into the next batch. The oldest has half of the room, so that none waits for ever;
 * the rest is for whoever needs the least, so that a short prompt does not wait behind long ones.
 */

/** `waiting`: tokens that each prompt still needs, oldest first. Rows for each; together as many as fit into `room`. */
export function prefillShares(waiting: readonly number[], room: number): number[] {
  const shares = waiting.map(() => 0);
  let left = room;
  const give = (index: number, max: number): void => {
    const more = Math.min((waiting[index] ?? 0) - (shares[index] ?? 0), max, left);
    shares[index] = (shares[index] ?? 0) + more;
    left -= more;
  };
  if (waiting.length > 0) give(0, Math.ceil(room / 2));
  const shortestFirst = [...waiting.keys()].sort((a, b) => (waiting[a] ?? 0) - (waiting[b] ?? 0));
  for (const index of shortestFirst) give(index, left);
  return shares;
}
