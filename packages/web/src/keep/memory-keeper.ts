import type { Conversation, Message } from '../conversation/message.ts';
import type { Keeper } from './keeper.ts';

export function createMemoryKeeper(): Keeper {
  const kept = new Map<string, { conversation: Conversation; messages: Map<string, Message> }>();
  return {
    isLasting: false,
    conversations: async () => [...kept.values()].map(({ conversation }) => conversation),
    messages: async (id) => [...(kept.get(id)?.messages.values() ?? [])],
    put: async (conversation, messages) => {
      const before = kept.get(conversation.id)?.messages ?? new Map<string, Message>();
      for (const message of messages) before.set(message.id, message);
      kept.set(conversation.id, { conversation, messages: before });
    },
    remove: async (id) => {
      kept.delete(id);
    },
    all: async () =>
      [...kept.values()].map(({ conversation, messages }) => ({
        conversation,
        messages: [...messages.values()],
      })),
  };
}
