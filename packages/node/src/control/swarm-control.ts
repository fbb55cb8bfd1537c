/** The calls about the swarm, in the node's own process. */
import { FilonError } from '@filon/core/errors';
import type { NetworkLook } from '@filon/core/panel/network';
import type { Candidate, RouteCost } from '@filon/core/serving/routing';
import { decodeInvite } from '@filon/core/swarm/invite';
import { type KeyId, keyId } from '@filon/core/swarm/key-id';
import { keyName } from '@filon/core/swarm/key-name';
import type { Config } from '../config/settings.ts';
import type { ServingControl } from '../serve/serving.ts';
import type { InviteView as IssuedInvite } from '../swarm/membership/issuer.ts';
import { membershipError } from '../swarm/membership/membership-errors.ts';
import type { OpenSwarm } from '../swarm/open-swarm.ts';
import type { Control } from './calls.ts';
import { type ControlErrorDetails, unknownNode } from './errors.ts';
import { rigsOf } from './rigs.ts';
import type { MadeInvite, RoutePlace, SwarmCalls, SwarmView } from './swarm-calls.ts';
import type { Place } from './swarm-place.ts';
import { createTrustCalls } from './trust-calls.ts';

export interface SwarmControlDeps {
  place: Place;
  serving: Pick<ServingControl, 'explain'>;
  settings: Pick<Config, 'swarmInviters' | 'swarmTier'>;
}

export function createSwarmControl(deps: SwarmControlDeps): Pick<Control, keyof SwarmCalls> {
  const { place } = deps;
  const { trust } = place;
  return {
    ...{ ...createPlaceCalls(deps), ...createMemberCalls(deps) },
    ...createTrustCalls({ trust, operatorOf: (text) => operatorOf(text, place.look()) }),
  };
}

function createPlaceCalls({ place, settings, serving }: SwarmControlDeps) {
  return {
    swarm: async () => viewOf(place),
    createSwarm: async ({ name, open, inviters }) => {
      const rules = { open, inviters: inviters ?? settings.swarmInviters };
      await place.enter(({ membership }) => membership.create(name, rules));
      return viewNow(place);
    },
    joinSwarm: async ({ invite, enrols }, { signal }) => {
      if (enrols && decodeInvite(invite).operator === null) throw enrolsNobody();
      await place.enter(({ membership }) => membership.join(invite, { signal }));
      return viewNow(place);
    },
    leaveSwarm: async () => {
      const name = openOf(place).membership.status()?.name ?? '';
      await place.enter(async ({ membership, others }) => {
        await others.goodbye();
        await membership.leave();
      });
      return { swarm: name };
    },
    peers: async () => place.look(),
    rigs: async (_, { signal }) => await rigsOf(place, { signal }),
    route: async (asked, { signal }) => {
      const question = { ...asked, tier: asked.tier ?? settings.swarmTier };
      const { model, routing } = await serving.explain(question, { signal });
      const placeOf = ({ node, upstream }: Candidate): RoutePlace => ({
        ...{ node, name: nameOf(node), upstream: upstream !== undefined },
      });
      return {
        ...{ ...question, model: model.name, sha256: model.sha256 },
        places: routing.ranked.map(({ candidate, tier, cost, stayed }) => ({
          ...{ ...placeOf(candidate), tier, cost: rounded(cost), stayed },
        })),
        refused: routing.refused.map(({ candidate, refusal }) => ({ ...placeOf(candidate), refusal })),
      };
    },
  } satisfies Partial<Control>;
}

function createMemberCalls({ place }: SwarmControlDeps) {
  return {
    invite: async ({ validMs, ...options }) => {
      const { membership } = openOf(place);
      const made = membership.invite({ ...options, ...(validMs !== null && { validMs }) });
      const { name, peers } = decodeInvite(made.invite);
      const addresses = peers.flatMap((peer) => [...peer.addresses]);
      return { invite: made.invite, expiresMs: made.expiresMs, swarm: name, addresses };
    },
    invites: async () => openOf(place).membership.invites().map(inviteView),
    takeBackInvite: async ({ invite }) => {
      const { membership } = openOf(place);
      const found = membership.findInvite(invite);
      membership.takeBack(found.id);
      return inviteView(found);
    },
    swarmRules: async (asked) => {
      const { membership } = openOf(place);
      membership.setRules(asked);
      const status = membership.status();
      if (status === null) throw membershipError({ code: 'SWARM_NONE' });
      const { name, open, inviters, charterVersion, holdsRoot } = status;
      return { swarm: name, open, inviters, version: charterVersion, holdsRoot };
    },
    members: async () => {
      const { membership } = openOf(place);
      const status = membership.status();
      if (status === null) throw membershipError({ code: 'SWARM_NONE' });
      return {
        swarm: status.name,
        members: membership.list().map((member) => ({ ...member, name: keyName(member.node) })),
        revoked: status.revoked.map((one) => ({ ...one, name: keyName(one.node) })),
        invites: membership
          .invites()
          .filter(({ usedBy }) => usedBy === null)
          .map(({ id, expiresMs }) => ({ id, expiresMs })),
      };
    },
    revoke: async ({ node: text }) => {
      const { membership } = openOf(place);
      const look = place.look();
      const self = look?.self.name === text ? look.self.key : null;
      const node = self ?? nodeNamed(text, look) ?? (keyId.safeParse(text).success ? text : null);
      if (node === null) throw unknownNode(text);
      membership.revoke(node);
      return { node, name: keyName(node) };
    },
    disown: async ({ node: text }) => {
      const { membership } = openOf(place);
      const rigs = (place.look()?.peers ?? []).filter(({ operator }) => operator === place.operator);
      const found = rigs.filter(({ key, name }) => key === text || name === text);
      // One that is lost may not be known here any more; its key is.
      const node = found.length === 1 ? found[0]?.key : keyId.safeParse(text).success ? text : undefined;
      if (node === undefined) throw unknownNode(text);
      membership.disown(node);
      return { node, name: keyName(node) };
    },
    readmit: async ({ node: text }) => {
      const { membership } = openOf(place);
      const named = (membership.status()?.revoked ?? []).filter(
        ({ node }) => node === text || keyName(node) === text,
      );
      const [found] = named;
      if (found === undefined || named.length > 1) throw notRevoked(text);
      membership.readmit(found.node);
      return { node: found.node, name: keyName(found.node) };
    },
  } satisfies Partial<Control>;
}

function viewOf(place: Place): SwarmView | null {
  const look = place.look();
  const status = place.swarm?.membership.status() ?? null;
  const reachability = place.reachability();
  if (look === null || look.swarm === null || status === null || reachability === null) return null;
  const { open, inviters, holdsRoot, lost } = status;
  return {
    swarm: { ...look.swarm, open, inviters, holdsRoot, lost },
    ...{ self: look.self, reachability, members: place.swarm?.membership.list().length ?? 0 },
    connected: look.peers.filter(({ connection }) => connection !== null).length,
  };
}

function viewNow(place: Place): SwarmView {
  const view = viewOf(place);
  if (view === null) throw membershipError({ code: 'SWARM_NONE' });
  return view;
}

function openOf(place: Place): OpenSwarm {
  const { swarm } = place;
  if (swarm === null) throw membershipError({ code: 'SWARM_NONE' });
  return swarm;
}

/** By its key or its name; null: it is not known, or two have the name. */
function nodeNamed(text: string, look: NetworkLook | null): KeyId | null {
  const found = (look?.peers ?? []).filter(({ key, name }) => key === text || name === text);
  return found.length === 1 ? (found[0]?.key ?? null) : null;
}

/** Of the one node with this key or name. */
function operatorOf(text: string, look: NetworkLook | null): KeyId | null {
  const node = nodeNamed(text, look);
  return look?.peers.find(({ key }) => key === node)?.operator ?? null;
}

function inviteView({ id, usedBy, ...rest }: IssuedInvite): MadeInvite {
  const { createdMs, expiresMs, mayInvite, enrols } = rest;
  const by = usedBy === null ? null : { node: usedBy, name: keyName(usedBy) };
  return { id, name: keyName(id), createdMs, expiresMs, mayInvite, enrols, usedBy: by };
}

function nameOf(node: KeyId | null): string {
  return node === null ? 'this node' : keyName(node);
}

function rounded(cost: RouteCost): RouteCost {
  const entries = Object.entries(cost).map(([part, value]) => [part, Math.round(value * 1000) / 1000]);
  return Object.fromEntries(entries) as RouteCost;
}

function notRevoked(text: string): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_NODE_UNKNOWN', node: text },
    `"${text}" is neither the key nor the name of one node that is revoked. \`filon swarm ls\` says which are; with --json also their keys.`,
  );
}

function enrolsNobody(): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_ENROLS_NOBODY' },
    "This invite lets a node in and makes it nobody's machine. `filon rigs enrol` on one of your rigs prints one that does; for this one use --join.",
  );
}
