/** Asks, and stays with each answer until its end, whichever conversation is shown meanwhile. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type {
  AnswerMessage,
  Attachment,
  ChatSettings,
  Message,
  UserMessage,
} from '../conversation/message.ts';
import { lineTo } from '../conversation/tree.ts';
import type { Chat, Library } from '../keep/library.ts';
import { createStore, type Store } from '../state/store.ts';
import type { AnswerRun } from '../wire/answer-run.ts';
import { followAnswer } from '../wire/follow-answer.ts';
import type { Gateway } from '../wire/node-api.ts';
import { beginLive, type LiveAnswer, messageOf, takeRun } from './live-answer.ts';
import { requestBody } from './request.ts';

export interface ResponsesApi {
  /** `at`: another gateway than the page's own node, here and below. */
  start(
    body: object,
    options: { signal: AbortSignal; tier: PrivacyTier; at?: Gateway | null },
  ): Promise<AsyncIterable<unknown>>;
  resume(
    id: string,
    after: number,
    options: { signal: AbortSignal; at?: Gateway | null },
  ): Promise<AsyncIterable<unknown>>;
  cancel(id: string, at?: Gateway | null): Promise<void>;
  delete(id: string, at?: Gateway | null): Promise<void>;
}

export interface AnsweringDeps {
  library: Library;
  api: ResponsesApi;
  /** Gateways that may go on with an answer when the page's own node is gone. */
  gateways: () => readonly Gateway[];
  /** Resolves after so long, or earlier when the node may be back. */
  wait: (ms: number, options: { signal: AbortSignal }) => Promise<void>;
  nowMs: () => number;
  monotonicMs: () => number;
  newId: () => string;
  /** Whose machines may answer in a conversation, at this moment. */
  tierOf: (settings: ChatSettings) => PrivacyTier;
  /** An answer came to its end, with its figures. */
  onEnd: (message: AnswerMessage) => void;
}

export interface Question {
  text: string;
  attachments: Attachment[];
}

/** How much of an answer may be lost with the page; the node has it all the same. */
export const SAVE_EVERY_MS = 2_000;
/** A question that the node had not taken when the page went is asked again, unless nobody waits for it any more. */
export const ASK_AGAIN_WITHIN_MS = 600_000;
/** For the name of an answer that the node may have begun already: who goes earlier leaves it computing. */
export const STOP_NAME_WAIT_MS = 1_000;

interface Running {
  live: Store<LiveAnswer>;
  conversation: string;
  leave: AbortController;
  savedMs: number;
}

export class Answering {
  /** The answers that are coming, by id. */
  readonly coming: Store<ReadonlyMap<string, Store<LiveAnswer>>> = createStore<
    ReadonlyMap<string, Store<LiveAnswer>>
  >(new Map());
  readonly #deps: AnsweringDeps;
  readonly #running = new Map<string, Running>();

  constructor(deps: AnsweringDeps) {
    this.#deps = deps;
  }

  /** Puts a question after `parent` and has it answered. */
  ask(conversation: string, parent: string | null, question: Question & { model: string }): void {
    const { newId, nowMs, library } = this.#deps;
    const { text, attachments, model } = question;
    const user: UserMessage = { role: 'user', id: newId(), parent, createdMs: nowMs(), text, attachments };
    library.putMessages(conversation, [user]);
    this.answer(conversation, user.id, model);
  }

  /** Answers a question that is there: again, when it has answers already. */
  answer(conversation: string, question: string, model: string): void {
    const { newId, nowMs } = this.#deps;
    this.#follow(conversation, {
      role: 'assistant',
      id: newId(),
      parent: question,
      createdMs: nowMs(),
      model,
      ...{ text: '', reasoning: '', responseId: null, sequence: -1, end: null, figures: null },
    });
  }

  /** Goes on with the answers of a conversation that were coming when the page was closed. */
  takeUp({ conversation, messages }: Chat): void {
    for (const message of messages.values()) {
      if (message.role !== 'assistant' || message.end !== null || this.#running.has(message.id)) continue;
      const isAwaited = this.#deps.nowMs() - message.createdMs < ASK_AGAIN_WITHIN_MS;
      if (message.responseId !== null || isAwaited) this.#follow(conversation.id, message);
      else this.#deps.library.putMessages(conversation.id, [{ ...message, end: { kind: 'lost' } }]);
    }
  }

  /** Looks for a lost answer once more. */
  retry(conversation: string, message: AnswerMessage): void {
    if (message.responseId === null || this.#running.has(message.id)) return;
    this.#follow(conversation, { ...message, end: null });
  }

  /** Returns when the node has freed the slot, or cannot be reached. */
  async stop(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return;
    const { live, leave } = running;
    live.update((now) => ({ ...now, isStopping: true }));
    const responseId = await this.#nameOf(live, leave.signal);
    const at = this.#gateway(live.get().run.gateway);
    if (responseId !== null) await this.#deps.api.cancel(responseId, at).catch(() => undefined);
    // Its last event may have come meanwhile.
    if (this.#running.get(id) === running) this.#end(id, { ...live.get().run, end: { kind: 'stopped' } });
  }

  /** Forgets the answers of a conversation that is removed; the node stops computing them. */
  drop(conversation: string): void {
    for (const [id, running] of this.#running) {
      if (running.conversation === conversation) void this.stop(id);
    }
  }

  /** Keeps what there is of every answer, because the page may be about to go. */
  saveAll(): void {
    for (const [id, running] of this.#running) this.#save(id, running);
  }

  /** By which the node knows an answer; null: it has not taken it, or its word is late. */
  async #nameOf(live: Store<LiveAnswer>, signal: AbortSignal): Promise<string | null> {
    const named = Promise.withResolvers<void>();
    const unwatch = live.watch(() => {
      if (live.get().run.responseId !== null) named.resolve();
    });
    const { responseId } = live.get().run;
    if (responseId === null)
      await Promise.race([named.promise, this.#deps.wait(STOP_NAME_WAIT_MS, { signal })]);
    unwatch();
    return live.get().run.responseId;
  }

  #follow(conversation: string, message: AnswerMessage): void {
    const { library, monotonicMs } = this.#deps;
    const live = createStore(beginLive(message, monotonicMs()));
    const leave = new AbortController();
    this.#running.set(message.id, { live, conversation, leave, savedMs: monotonicMs() });
    library.putMessages(conversation, [message]);
    this.#tellComing();
    void this.#run(message.id, leave.signal);
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const { api, wait } = this.#deps;
    const running = this.#running.get(id);
    if (running === undefined) return;
    try {
      const ended = await followAnswer(running.live.get().run, {
        signal,
        start: () => api.start(this.#body(id, running), { signal, tier: this.#tier(running) }),
        resume: (responseId, after, gateway) =>
          api.resume(responseId, after, { signal, at: this.#gateway(gateway) }),
        others: () => this.#deps.gateways().map(({ url }) => url),
        goOn: (gateway, resume) => {
          const filon = { resumable: true, resume };
          const at = this.#gateway(gateway);
          return api.start({ ...this.#body(id, running), filon }, { signal, tier: this.#tier(running), at });
        },
        onRun: (run, retryInMs) => this.#take(id, run, retryInMs),
        wait: (ms) => wait(ms, { signal }),
      });
      this.#end(id, ended);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #body(id: string, { conversation }: Running): object {
    const chat = this.#chat(conversation);
    const message = chat?.messages.get(id);
    const settings: ChatSettings | undefined = chat?.conversation.settings;
    if (chat === null || message?.role !== 'assistant' || settings === undefined) return {};
    const body = requestBody(message.model, settings, lineTo(chat.messages, message.parent));
    return this.#deps.gateways().length === 0 ? body : { ...body, filon: { resumable: true } };
  }

  /** null: the page's own node. One that is not named any more gets no key. */
  #gateway(url: string | null): Gateway | null {
    if (url === null) return null;
    return this.#deps.gateways().find((one) => one.url === url) ?? { url, key: '' };
  }

  #tier({ conversation }: Running): PrivacyTier {
    const chat = this.#chat(conversation);
    return chat === null ? 'own' : this.#deps.tierOf(chat.conversation.settings);
  }

  #take(id: string, run: AnswerRun, retryInMs: number | null): void {
    const running = this.#running.get(id);
    if (running === undefined || run.end !== null) return;
    const nowMs = this.#deps.monotonicMs();
    const isNewlyKnown = running.live.get().run.responseId === null && run.responseId !== null;
    running.live.update((now) => takeRun(now, run, { nowMs, retryInMs }));
    if (isNewlyKnown || nowMs - running.savedMs >= SAVE_EVERY_MS) this.#save(id, running);
  }

  #save(id: string, running: Running): void {
    running.savedMs = this.#deps.monotonicMs();
    const message = this.#message(id, running);
    if (message !== null) this.#deps.library.putMessages(running.conversation, [message]);
  }

  #end(id: string, run: AnswerRun): void {
    const { library, monotonicMs, api, onEnd } = this.#deps;
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.live.update((now) => takeRun(now, run, { nowMs: monotonicMs(), retryInMs: null }));
    const message = this.#message(id, running);
    this.#running.delete(id);
    running.leave.abort();
    if (message !== null) library.putMessages(running.conversation, [message]);
    this.#tellComing();
    if (message === null) return;
    onEnd(message);
    // Kept here now, so the node need not keep it.
    const { responseId } = run;
    if (responseId === null || message.responseId !== null) return;
    const at = this.#gateway(run.gateway);
    void library.settled().then(() => api.delete(responseId, at).catch(() => undefined));
  }

  #tellComing(): void {
    this.coming.set(new Map([...this.#running].map(([id, { live }]) => [id, live])));
  }

  #message(id: string, { live, conversation }: Running): AnswerMessage | null {
    const message: Message | undefined = this.#chat(conversation)?.messages.get(id);
    return message?.role === 'assistant' ? messageOf(message, live.get()) : null;
  }

  #chat(conversation: string): Chat | null {
    const chat = this.#deps.library.chat(conversation).get();
    return typeof chat === 'string' ? null : chat;
  }
}
