/** What the commands about the swarm say in the same words. */
import type { PanelPeer, PanelSelf } from '@filon/core/panel/network';
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';
import type { Inviters } from '@filon/core/swarm/charter';
import { formatBytes } from '@filon/core/units';
import type { NodeStatus } from '../control/calls.ts';
import type { SwarmView } from '../control/swarm-calls.ts';
import type { Lost } from '../swarm/membership/standing.ts';
import { rateText } from './format.ts';
import type { Options } from './options.ts';
import { wrongOption } from './wrong-option.ts';

/** In a row of a table; with `--json` all of them. */
const MODELS_SHOWN_MAX = 3;

export const TIER_HELP = 'whose machines may compute, and so read, what is asked';

/** undefined: not given. Code: CLI_OPTION_INVALID. */
export function tierFrom({ text }: Options): PrivacyTier | undefined {
  const typed = text('tier');
  if (typed === undefined) return undefined;
  const tier = TIERS.find((known) => known === typed);
  if (tier === undefined) throw wrongOption('--tier', typed, TIERS.join(', '));
  return tier;
}

export const INVITERS: readonly Inviters[] = ['root', 'chosen', 'members'];

/** null: not given. Code: CLI_OPTION_INVALID. */
export function invitersFrom({ text }: Options): Inviters | null {
  const typed = text('inviters');
  const inviters = INVITERS.find((known) => known === typed) ?? null;
  if (typed !== undefined && inviters === null) throw wrongOption('--inviters', typed, INVITERS.join(', '));
  return inviters;
}

const LOST: Readonly<Record<Lost, { why: string; advice: string }>> = {
  disowned: {
    why: 'its operator disowned this machine',
    advice: 'It can join again as a machine of its own, with an invite.',
  },
  revoked: {
    why: 'it was revoked, or whoever let it in was',
    advice: 'Ask whoever made the swarm for `filon swarm readmit`, and for a new invite.',
  },
  expired: {
    why: 'its certificate has expired',
    advice:
      'It is renewed when a member that may invite can be reached; see also whether the clock is right.',
  },
};

/** Whether others get through to this node, and how. */
export function reachText({ swarm, self, reachability }: SwarmView): string {
  if (swarm.lost !== null) return `no member any more; ${LOST[swarm.lost].why}`;
  const { reached, relays } = reachability;
  if (reached.length > 0) return `others reach this node at ${reached.join(', ')}`;
  if (relays.length > 0) return `others reach this node through ${relays.length} members that pass on`;
  if (self.reach === 'none')
    return 'nobody can connect to this node; it connects to others, and is of use to them while it does';
  return 'not known yet whether others can connect to this node';
}

/** What is wrong with the ways between the members; null: nothing is known to be. */
export function reachAdvice({ swarm }: SwarmView): string | null {
  if (swarm.lost !== null) return LOST[swarm.lost].advice;
  if (swarm.hasReachable !== false) return null;
  return 'No member of the swarm is known to be reachable from other networks. One of them should listen (`filon config set swarmHost 0.0.0.0`), with a forwarded port or UPnP.';
}

export function swarmLines({ swarm }: NodeStatus): string[] {
  if (swarm === null) return [];
  const { name, lost } = swarm.swarm;
  if (lost !== null) return [`Swarm       ${name}: ${reachText(swarm)}. ${LOST[lost].advice}`];
  return [
    `Swarm       ${name}, ${swarm.members} members known, ${swarm.connected} connected`,
    `Reach       ${reachText(swarm)}`,
    ...passedOnLines(swarm),
  ];
}

function passedOnLines({ reachability: { passedOn } }: SwarmView): string[] {
  if (passedOn === null) return [];
  const { bytes, bytesToday, bytesPerDayMax, circuits } = passedOn;
  const today = `${formatBytes(bytesToday)} of ${formatBytes(bytesPerDayMax)} today`;
  return [`Passed on   ${today}, ${formatBytes(bytes)} in all, for ${circuits} pairs of members now`];
}

export function modelsText({ models }: Pick<PanelSelf, 'models'>): string {
  const each = models.slice(0, MODELS_SHOWN_MAX).map(({ name, tokensPerSecond, load, upstream }) => {
    const speed = tokensPerSecond === null ? '' : ` ${rateText(tokensPerSecond)}/s`;
    const busy = load === null || load.active + load.queued === 0 ? '' : ` (${load.active}+${load.queued})`;
    return `${name}${upstream === null ? '' : ' (upstream)'}${speed}${busy}`;
  });
  const more = models.length - each.length;
  return [...each, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

export function roundTripText(connection: PanelPeer['connection']): string {
  if (connection === null) return '-';
  return connection.roundTripMs === null ? '' : `${connection.roundTripMs.toFixed(1)} ms`;
}
