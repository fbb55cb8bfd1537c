import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../conversation/message.ts';
import { answer, question } from '../conversation/messages.fixture.ts';
import type { Keeper } from './keeper.ts';
import { type Chat, type ChatState, Library } from './library.ts';
import { createMemoryKeeper } from './memory-keeper.ts';

function openLibrary(keeper: Keeper = createMemoryKeeper()): { library: Library; again: () => Library } {
  let made = 0;
  let nowMs = 0;
  const deps = {
    keeper: Promise.resolve(keeper),
    nowMs: () => ++nowMs,
    newId: () => `c${++made}`,
  };
  return { library: new Library(deps), again: () => new Library(deps) };
}

const opened = (state: ChatState): Chat => {
  if (typeof state === 'string') throw new RangeError(`the chat is ${state}`);
  return state;
};
const loaded = async (library: Library, id: string): Promise<ChatState> => {
  const store = library.chat(id);
  if (store.get() !== 'loading') return store.get();
  await new Promise<void>((resolve) => {
    const end = store.watch(() => {
      end();
      resolve();
    });
  });
  return store.get();
};

describe('a library', () => {
  test('keeps conversations for the next page', async () => {
    const { library, again } = openLibrary();
    const { id } = library.create(DEFAULT_SETTINGS, 'ore');
    library.putMessages(id, [question('q')]);
    library.putMessages(id, [answer('a', 'q', { text: 'half' })]);
    library.putMessages(id, [answer('a', 'q', { text: 'whole' })]);
    library.change(id, { settings: { ...DEFAULT_SETTINGS, system: 'be brief' } });
    await library.settled();
    const chat = opened(await loaded(again(), id));
    expect([...chat.messages.values()].map(({ text }) => text)).toEqual(['question q', 'whole']);
    expect(chat.conversation.settings.system).toBe('be brief');
    expect(chat.conversation.chosen).toEqual({ '': 'q', q: 'a' });
  });

  test('lists the one used last first', () => {
    const { library } = openLibrary();
    const first = library.create(DEFAULT_SETTINGS, 'first');
    library.create(DEFAULT_SETTINGS, 'second');
    library.putMessages(first.id, [question('q')]);
    expect(library.conversations.get()?.map(({ title }) => title)).toEqual(['first', 'second']);
  });

  test('forgets what is removed, and renames what is not open', async () => {
    const { library, again } = openLibrary();
    const gone = library.create(DEFAULT_SETTINGS, 'gone');
    const kept = library.create(DEFAULT_SETTINGS, 'kept');
    await library.remove(gone.id);
    const next = again();
    expect(await loaded(next, gone.id)).toBe('missing');
    await next.rename(kept.id, 'renamed');
    expect((await next.all()).map(({ conversation }) => conversation.title)).toEqual(['renamed']);
  });

  test('finds words in titles and messages, the newest first', async () => {
    const { library } = openLibrary();
    const old = library.create(DEFAULT_SETTINGS, 'Minería');
    library.putMessages(old.id, [question('q', { text: 'nothing' })]);
    const young = library.create(DEFAULT_SETTINGS, 'other');
    library.putMessages(young.id, [question('q', { text: 'about MINERÍA, so' })]);
    const found = await library.search('mineria');
    expect(found.map(({ conversation }) => conversation)).toEqual([young.id, old.id]);
    expect(found[0]?.excerpt?.match).toBe('MINERÍA');
    expect(await library.search('copper')).toEqual([]);
  });

  test('takes conversations in beside its own', async () => {
    const { library } = openLibrary();
    const { id } = library.create(DEFAULT_SETTINGS, 'mine');
    await library.take((await library.all()).map((whole) => ({ ...whole, messages: [question('q')] })));
    const all = await library.all();
    expect(all).toHaveLength(2);
    expect(all.find(({ conversation }) => conversation.id === id)?.messages).toEqual([]);
  });

  test('says when nothing is kept', async () => {
    const broken: Keeper = {
      ...createMemoryKeeper(),
      isLasting: true,
      put: () => Promise.reject(new RangeError('full')),
    };
    const { library } = openLibrary(broken);
    library.create(DEFAULT_SETTINGS, 'ore');
    await library.settled();
    expect(library.keepFailed.get()).toBe(true);
  });
});
