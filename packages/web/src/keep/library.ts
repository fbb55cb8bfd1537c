/** The conversations as the page has them: what is kept, and what of it is open. */
import type { WholeConversation } from '../conversation/exchange.ts';
import type { ChatSettings, Conversation, Message } from '../conversation/message.ts';
import { excerptOf, type Found, fold } from '../conversation/search.ts';
import { choose } from '../conversation/tree.ts';
import { createStore, type Store } from '../state/store.ts';
import type { Keeper } from './keeper.ts';

export interface Chat {
  conversation: Conversation;
  messages: ReadonlyMap<string, Message>;
}

/** `missing`: there is no such conversation in this browser. */
export type ChatState = Chat | 'loading' | 'missing';

export interface LibraryDeps {
  keeper: Promise<Keeper>;
  nowMs: () => number;
  newId: () => string;
}

export const FOUND_MAX = 100;

export class Library {
  /** Newest first; null until they are read. */
  readonly conversations: Store<readonly Conversation[] | null> = createStore<readonly Conversation[] | null>(
    null,
  );
  /** Set when something could not be kept, or nothing can. */
  readonly keepFailed: Store<boolean> = createStore(false);
  readonly #deps: LibraryDeps;
  readonly #chats = new Map<string, Store<ChatState>>();
  /** One write after the other: a later state never loses against an earlier one. */
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: LibraryDeps) {
    this.#deps = deps;
    void this.#readAll();
  }

  chat(id: string): Store<ChatState> {
    const known = this.#chats.get(id);
    if (known !== undefined) return known;
    const store = createStore<ChatState>('loading');
    this.#chats.set(id, store);
    this.#load(id, store).catch(() => store.set('missing'));
    return store;
  }

  create(settings: ChatSettings, title: string): Conversation {
    const now = this.#deps.nowMs();
    const id = this.#deps.newId();
    const conversation = { id, title, createdMs: now, updatedMs: now, settings, chosen: {} };
    this.#chats.set(id, createStore<ChatState>({ conversation, messages: new Map() }));
    this.#list(conversation);
    void this.#keep((keeper) => keeper.put(conversation, []));
    return conversation;
  }

  change(id: string, change: Partial<Pick<Conversation, 'title' | 'settings' | 'chosen'>>): void {
    this.#put(id, (now) => ({ ...now, conversation: { ...now.conversation, ...change } }), []);
  }

  /** Whether it is open or not. */
  async rename(id: string, title: string): Promise<void> {
    if (typeof this.#chats.get(id)?.get() === 'object') return this.change(id, { title });
    const known = this.conversations.get()?.find((one) => one.id === id);
    if (known === undefined) return;
    const renamed = { ...known, title };
    this.#list(renamed);
    await this.#keep((keeper) => keeper.put(renamed, []));
  }

  /** Adds or replaces messages; those that are new are shown. */
  putMessages(id: string, messages: readonly Message[]): void {
    this.#put(id, (now) => withMessages(now, messages, this.#deps.nowMs()), messages);
  }

  remove(id: string): Promise<void> {
    this.#chats.get(id)?.set('missing');
    this.#chats.delete(id);
    this.conversations.update((now) => (now ?? []).filter((one) => one.id !== id));
    return this.#keep((keeper) => keeper.remove(id));
  }

  /** Takes conversations in under new ids, beside those that are here. */
  async take(whole: readonly WholeConversation[]): Promise<void> {
    for (const { conversation, messages } of whole) {
      const own = { ...conversation, id: this.#deps.newId() };
      await this.#keep((keeper) => keeper.put(own, messages));
      this.#list(own);
    }
  }

  async all(): Promise<WholeConversation[]> {
    await this.#writing;
    return (await this.#deps.keeper).all();
  }

  /** At most {@link FOUND_MAX}, newest first. */
  async search(query: string): Promise<Found[]> {
    return searchAll(await this.all(), fold(query.trim()));
  }

  /** Resolves when all that was put so far is kept. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #readAll(): Promise<void> {
    const keeper = await this.#deps.keeper;
    if (!keeper.isLasting) this.keepFailed.set(true);
    const kept = await keeper.conversations().catch(() => []);
    const made = this.conversations.get() ?? [];
    const others = kept.filter(({ id }) => made.every((one) => one.id !== id));
    this.conversations.set([...made, ...others].sort(byRecency));
  }

  async #load(id: string, store: Store<ChatState>): Promise<void> {
    await this.#writing;
    const keeper = await this.#deps.keeper;
    const conversation = (await keeper.conversations()).find((one) => one.id === id);
    if (conversation === undefined) return store.set('missing');
    const messages = await keeper.messages(id);
    store.set({ conversation, messages: new Map(messages.map((message) => [message.id, message])) });
  }

  #put(id: string, update: (now: Chat) => Chat, messages: readonly Message[]): void {
    const store = this.#chats.get(id);
    const now = store?.get();
    if (store === undefined || now === undefined || typeof now === 'string') return;
    const next = update(now);
    store.set(next);
    if (next.conversation !== now.conversation) this.#list(next.conversation);
    void this.#keep((keeper) => keeper.put(next.conversation, messages));
  }

  #list(changed: Conversation): void {
    const others = (this.conversations.get() ?? []).filter(({ id }) => id !== changed.id);
    this.conversations.set([changed, ...others].sort(byRecency));
  }

  #keep(work: (keeper: Keeper) => Promise<void>): Promise<void> {
    this.#writing = this.#writing
      .then(async () => work(await this.#deps.keeper))
      .catch(() => this.keepFailed.set(true));
    return this.#writing;
  }
}

function withMessages({ conversation, messages }: Chat, put: readonly Message[], nowMs: number): Chat {
  const next = new Map(messages);
  let { chosen } = conversation;
  let { updatedMs } = conversation;
  for (const message of put) {
    if (!next.has(message.id)) {
      chosen = choose(chosen, message);
      updatedMs = nowMs;
    }
    next.set(message.id, message);
  }
  const isSame = chosen === conversation.chosen && updatedMs === conversation.updatedMs;
  return { conversation: isSame ? conversation : { ...conversation, chosen, updatedMs }, messages: next };
}

function searchAll(whole: readonly WholeConversation[], query: string): Found[] {
  const found: Found[] = [];
  const newest = whole.toSorted((a, b) => byRecency(a.conversation, b.conversation));
  for (const { conversation, messages } of newest) {
    if (found.length >= FOUND_MAX) break;
    const excerpt = firstExcerpt(messages, query);
    if (excerpt === null && excerptOf(conversation.title, query) === null) continue;
    found.push({ conversation: conversation.id, excerpt });
  }
  return found;
}

function firstExcerpt(messages: readonly Message[], query: string): Found['excerpt'] {
  for (const { text } of messages) {
    const excerpt = excerptOf(text, query);
    if (excerpt !== null) return excerpt;
  }
  return null;
}

function byRecency(a: Conversation, b: Conversation): number {
  return b.updatedMs - a.updatedMs || (a.id < b.id ? -1 : 1);
}
