/**
 * Members of which the network around this machine tells: met where they said they are. What was told proves nothing, so
 * nobody else is dialled for it, and no member that is connected.
 */
import { isFilonError } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Network, PeerAddress } from '../../ports/network.ts';
import { deadline } from './deadline.ts';
import type { Membership } from './membership.ts';

const MEET_MS = 10_000;

export interface NearbyDeps {
  membership: Pick<Membership, 'meet' | 'members'>;
  network: Pick<Network, 'peers'>;
  clock: Clock;
  log: Log;
}

export async function meetNearby(
  address: PeerAddress,
  { membership, network, clock, log }: NearbyDeps,
): Promise<void> {
  const { peer } = address;
  if (membership.members.find(peer) === null || network.peers().some((other) => other.peer === peer)) return;
  using limit = deadline(clock, MEET_MS);
  try {
    await membership.meet(address, limit);
    log.info('swarm.met-nearby', { peer, address: address.addresses.join(' ') });
  } catch (error) {
    log.debug('swarm.nearby-failed', { peer, code: isFilonError(error) ? error.code : 'unknown' });
  }
}
