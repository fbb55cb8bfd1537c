/** Takes an API request in: its limits, its body, its signal; and sends out what the API makes of it. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Context } from 'hono';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Serving } from '../../serve/serving.ts';
import { type BodyBudget, readJsonBody } from './body.ts';
import type { GatewayErrorDetails } from './errors.ts';
import { EventStream, SERVER_SENT, type StreamForm } from './event-stream.ts';
import { BEGIN_WITHIN_MS, FULL_RETRY_SECONDS, type GatewayLimits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { RecentFaults } from './recent-faults.ts';
import { statusOf } from './status-table.ts';

/** Something that writes events. It may write nothing and throw: that is a plain error then. */
type Run = (events: EventStream) => Promise<void>;

/** How an API answers: at once, or as events, which are server-sent ones unless `form` says otherwise. */
export type Reply = { kind: 'json'; value: unknown } | { kind: 'events'; run: Run; form?: StreamForm };

export interface Caller {
  /** Aborts when the client is gone. */
  signal: AbortSignal;
  /** A request's first text is out. */
  onFirstToken: () => void;
  /** So many fields of the body mean nothing to us. */
  onUnknownFields: (count: number) => void;
}

/** How an API words errors: as a whole response, and as an event of a stream that has begun. */
export interface ErrorWords {
  response(error: unknown): Response;
  event(error: unknown): string;
}

/** Serving as one caller may use it: with its own limits, and its use counted. */
export type ServingOf = (context: Context) => Serving;

export interface IntakeDeps {
  clock: Clock;
  log: Log;
  limits: GatewayLimits;
  metrics: Metrics;
  faults: RecentFaults;
}

interface Running {
  route: string;
  startedMs: number;
  leaving: AbortController;
  finish: (status: number, error?: unknown) => void;
}

/** What a route does with a body; with `{}` where there is none. */
export type Work = (body: Record<string, unknown>, caller: Caller) => Promise<Reply>;

interface Task {
  route: string;
  words: ErrorWords;
  /** `GET` and `DELETE` have none; false when absent. */
  bodyless?: boolean;
  work: Work;
}

const NO_BODY = { bytes: 0, value: {} };

export class Intake {
  readonly #deps: IntakeDeps;
  readonly #budget: BodyBudget = { usedBytes: 0 };

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Never rejects. */
  async answer(request: Request, task: Task): Promise<Response> {
    const { words } = task;
    const { limits, metrics } = this.#deps;
    const held = { bytes: 0 };
    const running = this.#begin(task.route, request.signal, held);
    try {
      if (metrics.inFlight > limits.requestsMax) throw requestsFull(limits.requestsMax);
      const { signal } = running.leaving;
      const body = task.bodyless
        ? NO_BODY
        : await readJsonBody(request, { ...this.#deps, budget: this.#budget, signal });
      held.bytes = body.bytes;
      const reply = await task.work(body.value, this.#caller(running));
      if (reply.kind === 'events') return await this.#stream(reply, running, words);
      running.finish(200);
      return Response.json(reply.value);
    } catch (error) {
      running.finish(statusOf(error), error);
      return words.response(error);
    }
  }

  #begin(route: string, signal: AbortSignal, held: { bytes: number }): Running {
    const { clock, metrics } = this.#deps;
    const leaving = new AbortController();
    const leave = (): void => leaving.abort(clientGone());
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const startedMs = clock.monotonicMs();
    let finished = false;
    metrics.inFlight += 1;
    const finish = (status: number, error?: unknown): void => {
      if (finished) return;
      finished = true;
      signal.removeEventListener('abort', leave);
      metrics.inFlight -= 1;
      this.#budget.usedBytes -= held.bytes;
      metrics.request(route, status);
      this.#note({ route, status, tookMs: Math.round(clock.monotonicMs() - startedMs) }, error);
    };
    return { route, startedMs, leaving, finish };
  }

  #caller({ route, startedMs, leaving }: Running): Caller {
    const { clock, metrics } = this.#deps;
    return {
      signal: leaving.signal,
      onFirstToken: () => metrics.firstToken(clock.monotonicMs() - startedMs),
      onUnknownFields: (count) => metrics.unknownFields(route, count),
    };
  }

  /** A status other than 200 is possible until the first event; after {@link BEGIN_WITHIN_MS} the stream begins anyway. */
  async #stream(
    { run, form = SERVER_SENT }: Extract<Reply, { kind: 'events' }>,
    running: Running,
    words: ErrorWords,
  ): Promise<Response> {
    const { clock } = this.#deps;
    const { leaving, finish } = running;
    const events = new EventStream(clock, () => leaving.abort(clientGone()), form);
    let failure: { error: unknown } | null = null;
    const done = run(events).then(
      () => {
        events.end();
        finish(leaving.signal.aborted ? 499 : 200);
      },
      (error: unknown) => {
        leaving.abort(error);
        if (events.hasBegun) events.write(words.event(error));
        else failure = { error };
        events.end();
        finish(statusOf(error), error);
      },
    );
    const waited = new AbortController();
    const late = clock.sleep(BEGIN_WITHIN_MS, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([events.begun, done, late]);
    waited.abort();
    // The compiler does not see that the closure above may have set it.
    const failed = failure as { error: unknown } | null;
    if (failed !== null) return words.response(failed.error);
    if (!events.hasBegun) events.wait();
    return new Response(events.body, { headers: { ...EVENT_HEADERS, 'content-type': form.contentType } });
  }

  #note(fields: { route: string; status: number; tookMs: number }, error: unknown): void {
    const { log, faults } = this.#deps;
    if (error !== undefined) faults.note(fields.route, fields.status, isFilonError(error) ? error : null);
    if (error === undefined) log.debug('request.answered', fields);
    else if (isFilonError(error)) log.info('request.refused', { ...fields, code: error.code });
    else if (error instanceof Error && fields.status === 500) {
      // The message of an unexpected error may quote a prompt; its stack does not.
      const stack = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
      log.error('request.failed', { ...fields, name: error.name, stack });
    }
  }
}

const EVENT_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache',
  // Tells the HTTP server not to wait for more before it sends the headers.
  'transfer-encoding': 'chunked',
  'x-accel-buffering': 'no',
};

function clientGone(): FilonError {
  return new FilonError<GatewayErrorDetails>({ code: 'GATEWAY_CLIENT_GONE' }, 'the client is gone');
}

function requestsFull(requestsMax: number): FilonError {
  return new FilonError<GatewayErrorDetails>(
    { code: 'GATEWAY_REQUESTS_FULL', requestsMax, retryAfterSeconds: FULL_RETRY_SECONDS },
    `${requestsMax} requests are in work already; try again in ${FULL_RETRY_SECONDS} s`,
  );
}
