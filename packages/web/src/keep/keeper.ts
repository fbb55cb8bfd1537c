/** Where conversations are kept: the browser's database, or, where it has none, the page while it is open. */
import type { WholeConversation } from '../conversation/exchange.ts';
import type { Conversation, Message } from '../conversation/message.ts';

export interface Keeper {
  /** Whether anything outlives the page. */
  readonly isLasting: boolean;
  conversations(): Promise<Conversation[]>;
  messages(conversation: string): Promise<Message[]>;
  put(conversation: Conversation, messages: readonly Message[]): Promise<void>;
  remove(conversation: string): Promise<void>;
  all(): Promise<WholeConversation[]>;
}
