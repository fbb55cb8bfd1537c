/**
 * Events as the body of a response. What is written in one turn of the event loop goes out as one part; a reader that
 * falls behind holds the writer back; a word that means nothing keeps a silent stream alive.
 */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';
import type { GatewayErrorDetails } from './errors.ts';
import { CLIENT_STALL_MS, KEEP_ALIVE_MS, PARTS_AHEAD_MAX } from './limits.ts';

const encoder = new TextEncoder();

/** How the events of an API look on the wire. */
export interface StreamForm {
  contentType: string;
  /** What is said when there is nothing to say: readers of this form skip it. */
  waiting: string;
}

export const SERVER_SENT: StreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  waiting: ': waiting\n\n',
};

/** One JSON value a line. A space before the next value is the only thing that every reader of JSON skips. */
export const JSON_LINES: StreamForm = { contentType: 'application/x-ndjson', waiting: ' ' };

export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves with the first write. */
  readonly begun: Promise<void>;
  readonly #clock: Clock;
  readonly #form: StreamForm;
  readonly #onCancel: () => void;
  readonly #over = new AbortController();
  readonly #begin: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #pending = '';
  #written = false;
  #scheduled = false;
  #ended = false;
  #quiet = true;
  #wanted: (() => void) | null = null;

  /** `onCancel`: the client is gone, or too slow. */
  constructor(clock: Clock, onCancel: () => void, form: StreamForm = SERVER_SENT) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    this.#begin = resolve;
    this.#clock = clock;
    this.#form = form;
    this.#onCancel = onCancel;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#wanted?.(),
        cancel: () => {
          this.#finish();
          this.#onCancel();
        },
      },
      { highWaterMark: PARTS_AHEAD_MAX },
    );
    this.#keepAlive().catch(() => undefined);
  }

  get hasBegun(): boolean {
    return this.#written;
  }

  /** Says that there is nothing to say yet. */
  wait(): void {
    this.write(this.#form.waiting);
  }

  /** Takes whole events, with what ends them. Does nothing once the stream is over. */
  write(text: string): void {
    if (this.#ended) return;
    this.#quiet = false;
    this.#written = true;
    this.#pending += text;
    this.#begin();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** null while there is room; otherwise resolves when there is. Codes: GATEWAY_CLIENT_STALLED. */
  room(): Promise<void> | null {
    if (this.#ended || (this.#controller?.desiredSize ?? 0) > 0) return null;
    return this.#waitForRoom();
  }

  end(): void {
    if (this.#ended) return;
    this.#flush();
    this.#finish();
    this.#controller?.close();
  }

  #flush(): void {
    if (this.#ended || this.#pending === '') return;
    this.#controller?.enqueue(encoder.encode(this.#pending));
    this.#pending = '';
  }

  #finish(): void {
    this.#ended = true;
    this.#over.abort();
    this.#wanted?.();
  }

  async #waitForRoom(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = resolve;
    const waited = new AbortController();
    const stalled = this.#clock.sleep(CLIENT_STALL_MS, { signal: waited.signal }).then(
      () => true,
      () => false,
    );
    const late = await Promise.race([promise.then(() => false), stalled]);
    waited.abort();
    this.#wanted = null;
    if (!late) return;
    throw new FilonError<GatewayErrorDetails>(
      { code: 'GATEWAY_CLIENT_STALLED', timeoutMs: CLIENT_STALL_MS },
      `the client took nothing for ${CLIENT_STALL_MS} ms`,
    );
  }

  async #keepAlive(): Promise<void> {
    for (;;) {
      this.#quiet = true;
      await this.#clock.sleep(KEEP_ALIVE_MS, { signal: this.#over.signal });
      if (this.#quiet && this.#pending === '' && (this.#controller?.desiredSize ?? 0) > 0) {
        this.wait();
      }
    }
  }
}
