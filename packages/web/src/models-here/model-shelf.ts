/** The models that the node has or can have answer, as the chat needs them, and how fast each one answered here. */
import { messageOf } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { createStore, type Store } from '../state/store.ts';
import { isWithin, type ModelHere, modelsIn, withOffers } from './model-list.ts';
import { offersIn } from './offers.ts';

export type ModelsState =
  | { kind: 'loading' }
  | { kind: 'here'; models: readonly ModelHere[]; swarm: string | null; tierMax: PrivacyTier }
  | { kind: 'failed'; reason: string };

/** Tokens a second, by model. */
export type Speeds = Readonly<Record<string, number>>;

export interface ModelShelfDeps {
  readJson: (path: string, options: { signal: AbortSignal }) => Promise<unknown>;
  /** Small things that outlive the page. */
  kept: { get: (key: string) => string | null; set: (key: string, value: string) => void };
}

const SPEEDS = 'filon.speeds';
const LAST_MODEL = 'filon.model';
/** How much the newest answer counts. */
const NEWEST_SHARE = 0.3;
const forever: AbortSignal = new AbortController().signal;

export class ModelShelf {
  readonly state: Store<ModelsState> = createStore<ModelsState>({ kind: 'loading' });
  readonly speeds: Store<Speeds>;
  readonly #deps: ModelShelfDeps;
  #refreshing: Promise<void> | null = null;

  constructor(deps: ModelShelfDeps) {
    this.#deps = deps;
    this.speeds = createStore(speedsIn(deps.kept.get(SPEEDS)));
  }

  /** Asked for again while it is under way, it is the same. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    try {
      const [list, offered] = await Promise.all([
        this.#deps.readJson('/v1/models', { signal: forever }),
        // A node that cannot say has none.
        this.#deps.readJson('/filon/v1/offers', { signal: forever }).catch(() => null),
      ]);
      const offers = offersIn(offered);
      const { swarm, tierMax } = offers;
      this.state.set({ kind: 'here', models: withOffers(modelsIn(list), offers), swarm, tierMax });
    } catch (error) {
      this.state.set({ kind: 'failed', reason: messageOf(error) });
    }
  }

  /** Whether the model is in memory now; null when the node does not say. */
  async isLoaded(name: string, options: { signal: AbortSignal }): Promise<boolean | null> {
    const path = `/v1/models/${encodeURIComponent(name)}`;
    const one = await this.#deps.readJson(path, options).catch(() => null);
    return modelsIn({ data: [one] })[0]?.isLoaded ?? null;
  }

  /** What a new conversation begins with: of those that may be asked, the model used last, or the first one. */
  first(tier: PrivacyTier): string | null {
    const state = this.state.get();
    const models = state.kind === 'here' ? state.models.filter((model) => isWithin(model, tier)) : [];
    const last = this.#deps.kept.get(LAST_MODEL);
    return (models.find(({ name }) => name === last) ?? models[0])?.name ?? null;
  }

  used(name: string): void {
    this.#deps.kept.set(LAST_MODEL, name);
  }

  measured(name: string, tokensPerSecond: number): void {
    const before = this.speeds.get()[name] ?? tokensPerSecond;
    const now = before + (tokensPerSecond - before) * NEWEST_SHARE;
    this.speeds.update((speeds) => ({ ...speeds, [name]: now }));
    this.#deps.kept.set(SPEEDS, JSON.stringify(this.speeds.get()));
  }
}

function speedsIn(json: string | null): Speeds {
  try {
    const kept: unknown = JSON.parse(json ?? '{}');
    const pairs = Object.entries(typeof kept === 'object' && kept !== null ? kept : {});
    return Object.fromEntries(pairs.filter(([, speed]) => typeof speed === 'number' && speed > 0));
  } catch {
    return {};
  }
}
