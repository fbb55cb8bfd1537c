/** Spanish of the chat. */
export const chatEs = {
  title: 'Chat',
};
