/** The settings of a node that belongs to a swarm. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { Inviters } from '@filon/core/swarm/charter';
import { choice, type Field, integer, word } from './field.ts';

export interface SwarmConfig {
  swarmHost: string;
  swarmPort: number;
  swarmAddresses: string;
  swarmPortMapping: 'auto' | 'off';
  swarmNearby: 'off' | 'on';
  swarmPeersMax: number;
  swarmRelayMegabytesPerDay: number;
  swarmRelayPairs: number;
  swarmServes: PrivacyTier;
  swarmTier: PrivacyTier;
  swarmPricePerMillionTokens: string;
  swarmSecondsPerUnit: number;
  swarmInviters: Inviters;
}

const ADDRESS = String.raw`\/(ip4|ip6|dns|dns4|dns6)\/[A-Za-z0-9.:-]{1,120}\/tcp\/[1-9]\d{0,4}`;
const TIERS_IN_WORDS =
  'own: machines of this operator alone; trusted: also of operators on the trust list; open: of any member';

export const SWARM_SETTINGS: { readonly [K in keyof SwarmConfig]: Field<SwarmConfig[K]> } = {
  swarmHost: word({
    default: '127.0.0.1',
    pattern: /^[0-9.]{7,15}$|^[0-9A-Fa-f:]{2,39}$/,
    allowed: 'an address of this machine: 127.0.0.1 for itself alone, 0.0.0.0 or :: for all',
    doc: 'Address at which other nodes of the swarm may connect to this one. A node that nobody can connect to still connects to others, and is of use to them through those.',
  }),
  swarmPort: integer({
    default: 4142,
    min: 0,
    max: 65_535,
    zero: 'any free port',
    doc: 'TCP port for other nodes of the swarm. Invites name it, so keep it.',
  }),
  swarmAddresses: word({
    default: '',
    pattern: new RegExp(`^(${ADDRESS}(,${ADDRESS}){0,7})?$`),
    allowed:
      'addresses with commas between: /dns/rig.example/tcp/4142,/ip4/192.0.2.7/tcp/4142; empty: as found out',
    doc: 'Where others reach this node, told to them in place of what it finds out: a forwarded port, a name.',
  }),
  swarmPortMapping: choice({
    default: 'auto',
    of: ['auto', 'off'],
    doc: 'auto: asks the router for a port by UPnP, when the node listens beyond this machine. off: never.',
  }),
  swarmNearby: choice({
    default: 'off',
    of: ['off', 'on'],
    doc: 'on: members on the same network find each other again when their addresses have changed. Everybody on that network can see that this node is there, and its key. Not when the node listens on this machine alone.',
  }),
  swarmPeersMax: integer({
    default: 300,
    min: 4,
    max: 10_000,
    unit: 'connections',
    doc: 'Nodes that this one is connected with at the same time; more are refused.',
  }),
  swarmRelayMegabytesPerDay: integer({
    default: 0,
    min: 0,
    max: 100_000_000,
    zero: 'none',
    unit: 'MB',
    doc: 'What this node passes on in a day between members that cannot reach each other. It cannot read any of it.',
  }),
  swarmRelayPairs: integer({
    default: 32,
    min: 1,
    max: 4096,
    unit: 'pairs',
    doc: 'Pairs of members that this node passes on for at the same time.',
  }),
  swarmServes: choice({
    default: 'own',
    of: ['own', 'trusted', 'open'],
    doc: `Whose questions this node answers. ${TIERS_IN_WORDS}. Its own come first in any case.`,
  }),
  swarmTier: choice({
    default: 'own',
    of: ['own', 'trusted', 'open'],
    doc: `Whose machines may compute, and so read, what is asked here without a key and without a word about it. ${TIERS_IN_WORDS}.`,
  }),
  swarmPricePerMillionTokens: word({
    default: '0',
    pattern: /^\d{1,9}(\.\d{1,6})?$/,
    allowed: 'an amount such as 0.25; 0: nothing',
    doc: 'What this node asks of the swarm for a million tokens, read or written. Announced; nothing is paid yet.',
  }),
  swarmSecondsPerUnit: integer({
    default: 3600,
    min: 0,
    max: 1_000_000_000,
    zero: 'prices do not count',
    unit: 'seconds',
    doc: 'How long you would rather wait than pay one unit of the currency, when nodes are chosen.',
  }),
  swarmInviters: choice({
    default: 'chosen',
    of: ['root', 'chosen', 'members'],
    doc: 'Who may invite others into a swarm that is made here. root: this node alone; chosen: also members invited with `--may-invite`; members: all that this node invited.',
  }),
};
