/** A name that both seats (this node's own files, those of others) and upstreams have: which of the two is asked. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { RankedCandidate, Routing } from '@filon/core/serving/routing';
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import type { Waiting } from '../../ports/engine.ts';
import type { ServeErrorDetails } from '../errors.ts';
import type { Found, RouteQuestion, Serving, ServingControl } from '../serving.ts';
import { isFailure } from './health.ts';
import type { UpstreamFound } from './places.ts';
import type { TextPlaces } from './text-places.ts';

export interface SidesDeps {
  serving: Pick<Serving, 'models'> & Pick<ServingControl, 'explain'>;
  texts: TextPlaces;
}

export interface Ways<T> {
  seats: () => Promise<T>;
  texts: () => Promise<T>;
}

/** That nobody has room or is there, before an answer began: the other side may do. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...['SERVE_ROUTE_NONE', 'SERVE_QUEUE_FULL', 'SERVE_QUEUE_TIMEOUT', 'SERVE_MODEL_UNKNOWN'],
  ...['SERVE_MODELS_BUSY', 'SERVE_MODEL_NOT_READY', 'UPSTREAM_DOWN'],
]);

export class Sides {
  readonly #deps: SidesDeps;

  constructor(deps: SidesDeps) {
    this.#deps = deps;
  }

  /** Whether the file of that name is here. */
  async isStored(name: string): Promise<boolean> {
    const models = await this.#deps.serving.models();
    return models.some((model) => model.elsewhere === undefined && model.name === name);
  }

  /** Whether this node or another within the tier can give a seat with it. */
  async hasSeats(name: string, tier: PrivacyTier = 'own'): Promise<boolean> {
    const models = await this.#deps.serving.models();
    return models.some(
      ({ elsewhere = 'own', ...model }) => model.name === name && tierAllows(tier, elsewhere),
    );
  }

  /** Seats, which go on by tokens, unless upstreams are known to be cheaper; then whoever is left. */
  async either<T>(question: RouteQuestion, ways: Ways<T>, signal: AbortSignal): Promise<T> {
    const { model, tier } = question;
    const found = this.#deps.texts.find(model);
    if (found === null || !reaches(found, tier)) return await within(found, { tier }, ways.seats);
    if (!(await this.hasSeats(model, tier))) return await ways.texts();
    const { seats, texts } = await this.#routings(question, signal);
    if (texts.ranked.length === 0) return await ways.seats();
    const [first, second] = prefersSeats(seats, texts) ? [ways.seats, ways.texts] : [ways.texts, ways.seats];
    try {
      return await first();
    } catch (error) {
      signal.throwIfAborted();
      if (!isFailure(error) && !(isFilonError(error) && ELSEWHERE.has(error.code))) throw error;
      return await second();
    }
  }

  /** As {@link either} would choose now. */
  async explain(
    question: RouteQuestion,
    { name, sha256 }: UpstreamFound,
    signal: AbortSignal,
  ): Promise<{ model: Found; routing: Routing }> {
    const { seats, texts, model } = await this.#routings(question, signal);
    const all = [...seats.ranked, ...texts.ranked].sort((a, b) => a.cost.totalMs - b.cost.totalMs);
    const [first] = prefersSeats(seats, texts) ? seats.ranked : texts.ranked;
    const rest = all.filter((one) => one !== first);
    const ranked = first === undefined ? rest : [first, ...rest];
    const refused = [...seats.refused, ...texts.refused];
    return { model: model ?? { name, sha256, stored: null }, routing: { ranked, refused } };
  }

  async #routings(
    question: RouteQuestion,
    signal: AbortSignal,
  ): Promise<{ seats: Routing; texts: Routing; model: Found | null }> {
    const { serving, texts } = this.#deps;
    const wanted = { ...question, continuing: false };
    const has = await this.hasSeats(question.model, question.tier);
    const [seats, byText] = await Promise.all([
      has ? explained(serving, question, { signal }) : null,
      texts.routing(wanted, signal),
    ]);
    const none = { ranked: [], refused: [] };
    return { seats: seats?.routing ?? none, texts: byText, model: seats?.model ?? null };
  }
}

/** null: it is gone meanwhile. */
async function explained(
  serving: Pick<ServingControl, 'explain'>,
  question: RouteQuestion,
  options: Waiting,
): Promise<{ model: Found; routing: Routing } | null> {
  try {
    return await serving.explain(question, options);
  } catch (error) {
    if (isFilonError(error, 'SERVE_MODEL_UNKNOWN')) return null;
    throw error;
  }
}

/** A place that nobody has measured is not known to be dearer. */
function prefersSeats(seats: Routing, texts: Routing): boolean {
  const [seat] = seats.ranked;
  const [text] = texts.ranked;
  if (seat === undefined || text === undefined) return seat !== undefined;
  return !isMeasured(seat) || seat.cost.totalMs <= text.cost.totalMs;
}

function isMeasured({ candidate }: RankedCandidate): boolean {
  return candidate.rates.length > 0;
}

export function reaches({ tier: needed }: UpstreamFound, tier: PrivacyTier = 'own'): boolean {
  return tierAllows(tier, needed);
}

/** By seats alone. Where there are none, it is said that an upstream of a wider tier has it. */
export async function within<T>(
  found: UpstreamFound | null,
  { tier = 'own' }: { tier?: PrivacyTier },
  seats: () => Promise<T>,
): Promise<T> {
  try {
    return await seats();
  } catch (error) {
    if (found === null || !isFilonError(error, 'SERVE_MODEL_UNKNOWN')) throw error;
    const { name, tier: needed } = found;
    const message = `there is no model '${name}' within the tier '${tier}': it is at an upstream of the tier '${needed}'`;
    throw new FilonError<ServeErrorDetails>({ code: 'SERVE_MODEL_UNKNOWN', model: name }, message);
  }
}
