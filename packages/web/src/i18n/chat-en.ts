/** English of the chat. */
import type { chatEs } from './chat-es.ts';

export const chatEn: typeof chatEs = {
  title: 'Chat',
};
