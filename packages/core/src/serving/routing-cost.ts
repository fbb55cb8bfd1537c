/** What a candidate costs, in milliseconds until the answer is whole. */
import type { Candidate, LoadRate, Price, RouteCost, RoutePolicy, RouteRequest } from './routing.ts';

/** Tokens a second of what nobody has measured: slow, so that it is tried where nothing better is. */
const UNMEASURED: LoadRate = { sessions: 1, prefill: 20, decode: 2 };
/** Of a node whose round trip was not measured: across an ocean. */
const UNMEASURED_ROUND_TRIP_MS = 250;
/** Of a node that did not say how busy it is: this share of its places is taken. */
const UNKNOWN_LOAD_SHARE = 0.5;
/** Below it a place is not used at all; what was only slow or died a few times stays above it. */
export const RELIABILITY_MIN = 0.05;
const PICO_PER_UNIT = 1e12;

export function routeCost(
  candidate: Candidate,
  request: Pick<RouteRequest, 'promptTokens' | 'answerTokens'>,
  policy: Pick<RoutePolicy, 'msPerUnit'>,
): RouteCost {
  const { load, rates, price } = candidate;
  const sessions = sessionsWith(candidate);
  const prefillMsPerToken = 1000 / rateAt(rates, 'prefill', sessions);
  const cachedTokens = Math.min(load?.cachedTokens ?? 0, Math.max(0, request.promptTokens - 1));
  const roundTripMs = candidate.roundTripMs ?? UNMEASURED_ROUND_TRIP_MS;
  const queueMs = load?.queueMs ?? 0;
  const { loadMs } = candidate;
  const prefillMs = request.promptTokens * prefillMsPerToken;
  const savedMs = -cachedTokens * prefillMsPerToken;
  const decodeMs = (request.answerTokens * 1000) / rateAt(rates, 'decode', sessions);
  const reliability = Math.min(1, Math.max(RELIABILITY_MIN, candidate.reliability));
  const priceMs = price === null ? 0 : unitsOf(price, request) * policy.msPerUnit;
  const timeMs = roundTripMs + queueMs + loadMs + prefillMs + savedMs + decodeMs;
  const totalMs = timeMs / reliability + priceMs;
  return { roundTripMs, queueMs, loadMs, prefillMs, savedMs, decodeMs, priceMs, reliability, totalMs };
}

/** Sessions that would decode together, this one included. */
function sessionsWith({ load, sessionsMax }: Candidate): number {
  const others = load ? load.active + load.queued : Math.floor(sessionsMax * UNKNOWN_LOAD_SHARE);
  return Math.min(sessionsMax, others + 1);
}

/**
 * Tokens a second of one session among `sessions`: between two measurements on the line from one to the other, beyond the
 * last one an equal share of its whole. Never grows with `sessions`, whatever noise there is in the measurements.
 */
export function rateAt(rates: readonly LoadRate[], phase: 'prefill' | 'decode', sessions: number): number {
  const first = rates[0] ?? UNMEASURED;
  let left = { sessions: first.sessions, rate: first[phase] };
  for (let i = 1; i < rates.length; i += 1) {
    const next = rates[i] ?? first;
    const right = { sessions: next.sessions, rate: Math.min(left.rate, next[phase]) };
    if (sessions < right.sessions) {
      const share = Math.max(0, sessions - left.sessions) / (right.sessions - left.sessions);
      return left.rate + (right.rate - left.rate) * share;
    }
    left = right;
  }
  return sessions <= left.sessions ? left.rate : (left.rate * left.sessions) / sessions;
}

function unitsOf(
  price: Price,
  { promptTokens, answerTokens }: Pick<RouteRequest, 'promptTokens' | 'answerTokens'>,
): number {
  // As numbers: this is weighed, not paid.
  const pico = promptTokens * Number(price.promptPico) + answerTokens * Number(price.answerPico);
  return pico / PICO_PER_UNIT;
}
