/** The issuer of a swarm on a store of its own, without a network, and those who come with its invites. */
import { charters } from '@filon/core/swarm/charter';
import { enrolments } from '@filon/core/swarm/enrolment';
import { decodeInvite } from '@filon/core/swarm/invite';
import { joinRequests, vouchers } from '@filon/core/swarm/join-request';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import type { Store } from '@filon/node/ports/store';
import { tokenSigner } from '@filon/node/swarm/membership/identity';
import { Issuer } from '@filon/node/swarm/membership/issuer';
import { Standing } from '@filon/node/swarm/membership/standing';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import { keyNamed } from './swarm-keys.ts';
import { identityNamed } from './swarm-scene.ts';

/** Of the swarm that is in the store, or of a new one; the same keys in every process. */
export function openIssuer(store: Store): Issuer {
  const identity = identityNamed('root');
  const root = identity.createSwarmKey();
  const clock = createSystemClock();
  const deps = { store, identity, clock, verify: verifyEd25519 };
  const standing = new Standing(deps);
  const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
  const issuer = new Issuer({ ...deps, standing, randomBytes });
  if (standing.swarm === null) {
    const charter = charters.seal(
      {
        ...{ swarm: root.key, name: 'garage', version: 1, issuedMs: clock.nowMs(), open: false },
        ...{ inviters: 'chosen' as const, revoked: [] },
      },
      root,
    );
    const proof = issuer.certifySelf(root.key, root);
    standing.adopt(root.key, { proof, charter }, { operator: identity.operator.key });
  }
  return issuer;
}

/** Uses an invite as the node of this name. Codes: those of `Issuer.admit`. */
export function come(issuer: Issuer, invite: string, name: string): Uint8Array {
  const { swarm, token } = decodeInvite(invite);
  const [node, operator] = [keyNamed(name), keyNamed(`${name}'s operator`)];
  const about = { operator: operator.key, node: node.key, issuedMs: 0 };
  const enrolment = enrolments.seal(about, operator);
  const request = joinRequests.seal({ swarm, node: node.key, enrolment }, node);
  const signer = tokenSigner(token ?? new Uint8Array(), identityNamed(name));
  return issuer.admit(request, vouchers.seal({ swarm, node: node.key }, signer));
}
