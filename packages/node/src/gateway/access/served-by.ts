/** Tells stock clients by headers which nodes an answer comes from; what this node does itself has none. */
import type { ServedBy } from '@filon/core/serving/completion';
import { TIERS } from '@filon/core/serving/tier';
import type { Context } from 'hono';

/** The first ones. */
const NODES_MAX = 8;

/** A stream's headers go before its end: whoever goes on with it later is not in them. */
export function sayServers(c: Context, servedBy: readonly ServedBy[]): void {
  const keys = servedBy.flatMap(({ node }) => node ?? []);
  if (keys.length === 0) return;
  const widest = TIERS.findLast((tier) => servedBy.some((one) => one.tier === tier)) ?? 'open';
  c.header('filon-served-by', keys.slice(0, NODES_MAX).join(', '));
  c.header('filon-served-tier', widest);
}
