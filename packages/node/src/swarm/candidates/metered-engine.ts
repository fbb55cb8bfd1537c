/** An engine whose sessions are timed as they run, so that what is announced is what was measured. */
import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import type { Engine, Waiting } from '../../ports/engine.ts';
import type { Computed, SpeedMeter } from './speed-meter.ts';

/** Shorter prompts say more of the overhead than of the rate. */
const PREFILL_TOKENS_MIN = 32;
/** Tokens of one session between two measurements. */
const WINDOW_TOKENS = 16;
/** Of a window's time that its reader may hold the session up before the window says nothing of the engine. */
const HELD_SHARE_MAX = 0.1;
/**
 * A window ends at a token that took about as long as its others: within this many times, either way. Where this process
 * or the reader stood still, what was drawn meanwhile comes at once, and belongs into one window with the wait.
 */
const STEP_SPREAD = 2;
/** Workers send the tokens of up to 50 ms together: a wait of twice that for the first of them is no standstill. */
const TOGETHER_MS = 100;

export interface MeterDeps {
  meter: SpeedMeter;
  clock: Clock;
}

export function createMeteredEngine(engine: Engine, deps: MeterDeps): Engine {
  const running = new Running();
  return {
    devices: (options) => engine.devices(options),
    load: (spec, options) => engine.load(spec, options),
    unload: (model, options) => engine.unload(model, options),
    tokenize: (...asked) => engine.tokenize(...asked),
    embed: (...asked) => engine.embed(...asked),
    status: () => engine.status(),
    open: (request, options) => timed(engine, { request, options }, { ...deps, running }),
  };
}

/** Sessions that run, by model. `changes` tells a window that it is no longer what it began as. */
class Running {
  readonly #counts = new Map<string, number>();
  changes = 0;

  enter(model: string): Disposable {
    this.#add(model, 1);
    return { [Symbol.dispose]: () => this.#add(model, -1) };
  }

  of(model: string): number {
    return this.#counts.get(model) ?? 0;
  }

  #add(model: string, count: number): void {
    const now = this.of(model) + count;
    if (now > 0) this.#counts.set(model, now);
    else this.#counts.delete(model);
    this.changes += 1;
  }
}

async function* timed(
  engine: Engine,
  { request, options }: { request: SessionRequest; options: Waiting },
  deps: MeterDeps & { running: Running },
): AsyncGenerator<SessionSign> {
  const { clock, running, meter } = deps;
  const { model } = request;
  using _ = running.enter(model);
  const loaded = engine.status().loaded.find((one) => one.model === model);
  const computed: Computed = { model, numericClass: loaded?.numericClass ?? null };
  const startMs = clock.monotonicMs();
  let window = new Window(clock, running);
  let askedMs = startMs;
  for await (const sign of engine.open(request, options)) {
    if (sign.kind === 'prefilled') {
      const tokens = request.tokens.length - sign.cachedTokens;
      const seconds = (clock.monotonicMs() - startMs) / 1000;
      const sample = { sessions: running.of(model), perSecond: tokens / seconds };
      if (tokens >= PREFILL_TOKENS_MIN) meter.add(computed, 'prefill', sample);
      window = new Window(clock, running);
    } else if (sign.kind === 'token' && window.count(clock.monotonicMs() - askedMs)) {
      const perSecond = window.perSecond();
      if (perSecond !== null) meter.add(computed, 'decode', { sessions: running.of(model), perSecond });
      window = new Window(clock, running);
    }
    const givenMs = clock.monotonicMs();
    yield sign;
    askedMs = clock.monotonicMs();
    window.hold(askedMs - givenMs);
  }
}

class Window {
  readonly #clock: Clock;
  readonly #running: Running;
  readonly #startMs: number;
  readonly #changes: number;
  #tokens = 0;
  #heldMs = 0;

  constructor(clock: Clock, running: Running) {
    this.#clock = clock;
    this.#running = running;
    this.#startMs = clock.monotonicMs();
    this.#changes = running.changes;
  }

  /** A token that was waited for so long. Whether the window ends with it. */
  count(waitedMs: number): boolean {
    this.#tokens += 1;
    if (this.#tokens < WINDOW_TOKENS) return false;
    const stepMs = (this.#clock.monotonicMs() - this.#startMs) / this.#tokens;
    return waitedMs >= stepMs / STEP_SPREAD && waitedMs <= Math.max(stepMs * STEP_SPREAD, TOGETHER_MS);
  }

  hold(durationMs: number): void {
    this.#heldMs += durationMs;
  }

  /** null: sessions came or went meanwhile, or the reader was what was slow. */
  perSecond(): number | null {
    const tookMs = this.#clock.monotonicMs() - this.#startMs;
    if (this.#changes !== this.#running.changes || this.#heldMs > tookMs * HELD_SHARE_MAX) return null;
    return (this.#tokens * 1000) / tookMs;
  }
}
