/** What the gateway counts, and how it is written for Prometheus. Labels come from this program, never from clients. */
import type { ServingStats } from '../../serve/serving.ts';
import { TIME_TO_FIRST_TOKEN_BUCKETS_SECONDS as BUCKETS } from './limits.ts';

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #unknownFields = new Map<string, number>();
  readonly #buckets: number[] = BUCKETS.map(() => 0);
  #firstTokens = 0;
  #firstTokenSeconds = 0;
  inFlight = 0;

  request(route: string, status: number): void {
    bump(this.#requests, `route="${route}",status="${status}"`, 1);
  }

  unknownFields(route: string, count: number): void {
    if (count > 0) bump(this.#unknownFields, `route="${route}"`, count);
  }

  firstToken(tookMs: number): void {
    const seconds = tookMs / 1000;
    this.#firstTokens += 1;
    this.#firstTokenSeconds += seconds;
    for (const [index, bound] of BUCKETS.entries()) {
      if (seconds <= bound) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    }
  }

  /** Text exposition format 0.0.4. */
  text(stats: ServingStats): string {
    return [
      labelled('filon_requests_total', 'Requests answered.', this.#requests),
      labelled('filon_unknown_fields_total', 'Fields of requests that were ignored.', this.#unknownFields),
      gauge('filon_requests_in_flight', 'API requests in work or waiting.', this.inFlight),
      counter('filon_generated_tokens_total', 'Tokens generated.', stats.generatedTokens),
      counter('filon_prompt_tokens_total', 'Tokens of prompts.', stats.promptTokens),
      counter('filon_cached_tokens_total', 'Of these, from the prefix cache.', stats.cachedTokens),
      counter('filon_cancelled_total', 'Sessions that were left before their end.', stats.cancelled),
      gauge('filon_sessions', 'Requests that hold a slot.', stats.active),
      gauge('filon_queue', 'Requests that wait for one.', stats.queued),
      gauge('filon_queue_max', 'Requests that may wait.', stats.queueMax),
      counter('filon_admitted_total', 'Requests that got a slot.', stats.admitted),
      counter('filon_refused_total', 'Requests turned away by a full queue.', stats.refused),
      counter('filon_worker_deaths_total', 'Workers that died.', stats.workerDeaths),
      counter('filon_resumed_total', 'Sessions that went on after that.', stats.resumed),
      counter('filon_quarantined_total', 'Requests given up after that.', stats.quarantined),
      gauge('filon_models_loaded', 'Models in memory.', stats.loaded.length),
      this.#histogram('filon_time_to_first_token_seconds', 'From the request to its first text.'),
      '',
    ].join('\n');
  }

  #histogram(name: string, help: string): string {
    const buckets = BUCKETS.map((bound, index) => `${name}_bucket{le="${bound}"} ${this.#buckets[index]}`);
    const totals = [
      `${name}_bucket{le="+Inf"} ${this.#firstTokens}`,
      `${name}_sum ${this.#firstTokenSeconds}`,
    ];
    return [head(name, help, 'histogram'), ...buckets, ...totals, `${name}_count ${this.#firstTokens}`].join(
      '\n',
    );
  }
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
}

function counter(name: string, help: string, value: number): string {
  return `${head(name, help, 'counter')}\n${name} ${value}`;
}

function gauge(name: string, help: string, value: number): string {
  return `${head(name, help, 'gauge')}\n${name} ${value}`;
}

function labelled(name: string, help: string, counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].map(([labels, value]) => `${name}{${labels}} ${value}`);
  return [head(name, help, 'counter'), ...lines].join('\n');
}
