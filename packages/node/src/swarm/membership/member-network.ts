/** A network on which nothing is asked of a peer before both have proved that they are members. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Network } from '../../ports/network.ts';
import type { Membership } from './membership.ts';

export interface MemberNetworkDeps {
  network: Network;
  membership: Pick<Membership, 'meet' | 'members'>;
  /** Where a member that is not connected may be. */
  addressesOf: (peer: KeyId) => readonly string[];
}

/** Codes of `dial` and `open`: those of the network, and of {@link Membership.meet}. */
export function memberNetwork({ network, membership, addressesOf }: MemberNetworkDeps): Network {
  const { members } = membership;
  const connectionOf = (node: KeyId) => network.peers().find(({ peer }) => peer === node);
  return {
    self: network.self,
    addresses: () => network.addresses(),
    dial: async (address, options) => {
      await membership.meet(address, options);
      return connectionOf(address.peer) ?? (await network.dial(address, options));
    },
    open: async (peer, protocol, options) => {
      if (!members.hasMet(peer) || connectionOf(peer) === undefined)
        await membership.meet({ peer, addresses: addressesOf(peer) }, options);
      return await network.open(peer, protocol, options);
    },
    handle: (...asked) => network.handle(...asked),
    peers: () => network.peers(),
    watch: (listener) => network.watch(listener),
    drop: (...asked) => network.drop(...asked),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}
