/** What this node answers on the membership protocol, to members and to strangers. */
import { isFilonError } from '@filon/core/errors';
import { membershipRefused } from '@filon/core/swarm/errors';
import { ADDRESSES_MAX } from '@filon/core/swarm/invite';
import type { KeyId } from '@filon/core/swarm/key-id';
import { type MembershipMessage, TOLD_MEMBERS_MAX } from '@filon/core/swarm/membership-messages';
import { malformed } from '@filon/core/wire/errors';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel } from '../../ports/network.ts';
import { deadline } from './deadline.ts';
import { Exchange, reasonOf, toldError } from './exchange.ts';
import { acceptCharter, answerHello, type GreetingDeps } from './greeting.ts';
import type { Issuer } from './issuer.ts';
import { membershipError } from './membership-errors.ts';
import { EXCHANGE_MS, FORWARD_MS } from './membership-limits.ts';
import type { StrangerGate } from './stranger-gate.ts';

export interface ServiceDeps extends GreetingDeps {
  self: KeyId;
  issuer: Issuer;
  gate: StrangerGate;
}

type Of<K extends MembershipMessage['kind']> = Extract<MembershipMessage, { kind: K }>;

/** One question; the channel ends with its answer, or with an error that says why there is none. */
export async function serveMembership(channel: Channel, deps: ServiceDeps, options: Waiting): Promise<void> {
  const { peer } = channel;
  using limit = deadline(deps.clock, EXCHANGE_MS, options.signal);
  const exchange = new Exchange(channel, limit);
  let question: MembershipMessage | null = null;
  try {
    if (!deps.gate.admits(peer)) throw membershipError({ code: 'SWARM_BUSY' });
    question = await exchange.receive();
    await answer(peer, question, { ...deps, exchange, signal: limit.signal });
  } catch (error) {
    const code = reasonOf(error);
    // A flood must not fill the log either.
    if (code !== 'SWARM_BUSY') deps.log.info('swarm.refused', { peer, code });
    const told = whyOut(peer, question, error, deps) ?? toldError(error);
    if (told === null) throw error;
    await exchange.send(told);
  }
}

/** By these two nobody but the node itself that is out, or one that was let in by such a node, is refused for it. */
function whyOut(
  peer: KeyId,
  question: MembershipMessage | null,
  error: unknown,
  { standing }: ServiceDeps,
): MembershipMessage | null {
  if (question?.kind !== 'hello' && question?.kind !== 'renew') return null;
  const reason = isFilonError(error) && 'reason' in error.details ? error.details.reason : null;
  const { charterBytes, disowned } = standing;
  if (reason === 'revoked' && charterBytes !== null) return { kind: 'met', charter: charterBytes };
  const record = reason === 'disowned' ? disowned.recordOf(peer) : null;
  return record === null ? null : { kind: 'disowned', records: [record] };
}

type Answering = ServiceDeps & Waiting & { exchange: Exchange };

async function answer(peer: KeyId, question: MembershipMessage, deps: Answering): Promise<void> {
  const { exchange, issuer, list } = deps;
  switch (question.kind) {
    case 'hello':
      return await answerHello(peer, question, deps);
    case 'join':
      return await exchange.send(await join(peer, question, deps));
    case 'renew': {
      const { proof } = list.learn(issuer.renew(question.proof, peer), peer);
      return await exchange.send(welcome(proof, deps));
    }
    case 'charter':
      if (list.find(peer) === null) throw membershipRefused(peer, 'node');
      acceptCharter(question.charter, peer, deps);
      return await exchange.send({ kind: 'met', charter: null });
    case 'disowned':
      if (list.find(peer) === null) throw membershipRefused(peer, 'node');
      deps.onDisowned(question.records, peer);
      return await exchange.send({ kind: 'met', charter: null });
    default:
      throw malformed('question', `a message ${question.kind} is an answer`);
  }
}

async function join(peer: KeyId, question: Of<'join'>, deps: Answering): Promise<Of<'welcome'>> {
  const { self, issuer, list, log, standing } = deps;
  // Whoever asks has shown that key. A new invite does not undo it, and it hears why.
  if (standing.isRevoked(peer)) throw membershipError({ code: 'SWARM_OUT' });
  const isOurs = question.issuer === self || (question.voucher === null && issuer.mayInvite());
  if (!isOurs) return await passOn(question, deps);
  const member = list.learn(issuer.admit(question.request, question.voucher));
  log.info('swarm.admitted', { node: member.node, operator: member.operator });
  return welcome(member.proof, deps);
}

/** The issuer may be where a stranger cannot reach it. It decides; the request is of use to its signer alone. */
async function passOn(question: Of<'join'>, deps: Answering): Promise<Of<'welcome'>> {
  const { issuer } = question;
  const { standing, list, network, clock, signal } = deps;
  if (standing.own() === null) throw membershipError({ code: 'SWARM_NONE' });
  if (list.find(issuer) === null) throw membershipError({ code: 'SWARM_ISSUER_UNREACHABLE', issuer });
  using limit = deadline(clock, FORWARD_MS, signal);
  try {
    await using exchange = await Exchange.open(network, issuer, limit);
    return await exchange.ask(question, 'welcome');
  } catch (error) {
    if (toldError(error) !== null) throw error;
    throw membershipError({ code: 'SWARM_ISSUER_UNREACHABLE', issuer }, { cause: error });
  }
}

/** Who lets somebody in is the first that it is told of. */
function welcome(proof: Uint8Array, { standing, network, known, list }: Answering): Of<'welcome'> {
  const { charterBytes } = standing;
  const own = standing.own();
  if (charterBytes === null || own === null) throw membershipError({ code: 'SWARM_NONE' });
  const self = { proof: own.member.proof, addresses: network.addresses().slice(0, ADDRESSES_MAX) };
  const members = [self, ...known.latest(list.list(), TOLD_MEMBERS_MAX - 1)];
  return { kind: 'welcome', proof, charter: charterBytes, members };
}
