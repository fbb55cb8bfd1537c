/** Conversations in IndexedDB. A message is an entry of its own, so that an answer that grows is all that is written. */
import type { Conversation, Message } from '../conversation/message.ts';
import type { Keeper } from './keeper.ts';
import { createMemoryKeeper } from './memory-keeper.ts';

const DATABASE = 'filon';
const VERSION = 1;
const CONVERSATIONS = 'conversations';
const MESSAGES = 'messages';

interface KeptMessage {
  conversation: string;
  id: string;
  message: Message;
}

/** Falls back to memory where the browser keeps nothing, as in some private windows. */
export async function openBrowserKeeper(): Promise<Keeper> {
  try {
    return keeperOf(await openDatabase());
  } catch {
    return createMemoryKeeper();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(CONVERSATIONS, { keyPath: 'id' });
    opening.result.createObjectStore(MESSAGES, { keyPath: ['conversation', 'id'] });
  };
  return resultOf(opening);
}

function keeperOf(database: IDBDatabase): Keeper {
  const read = (name: string): IDBObjectStore => database.transaction(name).objectStore(name);
  const conversations = (): Promise<Conversation[]> => resultOf(read(CONVERSATIONS).getAll());
  return {
    isLasting: true,
    conversations,
    messages: async (id) => {
      const kept: KeptMessage[] = await resultOf(read(MESSAGES).getAll(rangeOf(id)));
      return kept.map(({ message }) => message);
    },
    put: (conversation, messages) =>
      write(database, (stores) => {
        stores.conversations.put(conversation);
        for (const message of messages) {
          stores.messages.put({
            conversation: conversation.id,
            id: message.id,
            message,
          } satisfies KeptMessage);
        }
      }),
    remove: (id) =>
      write(database, (stores) => {
        stores.conversations.delete(id);
        stores.messages.delete(rangeOf(id));
      }),
    all: async () => {
      const kept: KeptMessage[] = await resultOf(read(MESSAGES).getAll());
      const byConversation = Map.groupBy(kept, ({ conversation }) => conversation);
      return (await conversations()).map((conversation) => ({
        conversation,
        messages: (byConversation.get(conversation.id) ?? []).map(({ message }) => message),
      }));
    },
  };
}

/** Every message of one conversation: an array sorts after every text. */
function rangeOf(conversation: string): IDBKeyRange {
  return IDBKeyRange.bound([conversation], [conversation, []]);
}

function write(
  database: IDBDatabase,
  work: (stores: { conversations: IDBObjectStore; messages: IDBObjectStore }) => void,
): Promise<void> {
  const transaction = database.transaction([CONVERSATIONS, MESSAGES], 'readwrite');
  work({
    conversations: transaction.objectStore(CONVERSATIONS),
    messages: transaction.objectStore(MESSAGES),
  });
  // Not only when the page is idle: it may be about to go.
  transaction.commit();
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
