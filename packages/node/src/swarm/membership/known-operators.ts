/** Whose machine a member is, of those that this home met: for what is asked about names while no node runs. */
import type { KeyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { KnownMembers } from './known-members.ts';

/** Of the one member with this key or name; null: there is none, or there are several. */
export function knownOperatorOf(text: string, deps: { store: Store; clock: Clock }): KeyId | null {
  const found = new KnownMembers(deps).met().filter(({ node }) => node === text || keyName(node) === text);
  return found.length === 1 ? (found[0]?.operator ?? null) : null;
}
