/** The lines of a chat that begin with a slash. */
import type { Cli } from './context.ts';
import type { Conversation } from './conversation.ts';

export interface ChatPlace {
  cli: Pick<Cli, 'control' | 'out' | 'signal'>;
  conversation: Conversation;
}

interface Order {
  usage: string;
  what: string;
  /** Whether the chat is over. */
  run(place: ChatPlace, rest: string): Promise<boolean>;
}

const ORDERS: Readonly<Record<string, Order>> = {
  '/help': {
    usage: '/help',
    what: 'this list',
    run: async ({ cli }) => {
      const width = Math.max(...Object.values(ORDERS).map((order) => order.usage.length));
      for (const order of Object.values(ORDERS)) cli.out.say(`  ${order.usage.padEnd(width)}  ${order.what}`);
      cli.out.say('  Ctrl-C stops the answer.');
      return false;
    },
  },
  '/clear': {
    usage: '/clear',
    what: 'forget what was said',
    run: async ({ cli, conversation }) => {
      conversation.clear();
      cli.out.say('Forgotten.');
      return false;
    },
  },
  '/model': {
    usage: '/model [NAME]',
    what: 'talk with another model, or say which one this is',
    run: async ({ cli, conversation }, name) => {
      if (name !== '') {
        await cli.control.show({ name }, { signal: cli.signal });
        conversation.model = name;
      }
      cli.out.say(`Talking with ${conversation.model}.`);
      return false;
    },
  },
  '/system': {
    usage: '/system [TEXT]',
    what: 'say how the model is to be; without a text, no longer',
    run: async ({ cli, conversation }, text) => {
      conversation.system = text === '' ? null : text;
      cli.out.say(text === '' ? 'No system message.' : 'From the next answer on.');
      return false;
    },
  },
  '/exit': { usage: '/exit', what: 'leave', run: async () => true },
};

/** Whether the chat is over. */
export async function obey(line: string, place: ChatPlace): Promise<boolean> {
  const [word = '', ...rest] = line.split(/\s+/);
  const order = Object.hasOwn(ORDERS, word) ? ORDERS[word] : undefined;
  if (order !== undefined) return order.run(place, rest.join(' '));
  place.cli.out.say(`${word} is nothing I know; /help lists what there is.`);
  return false;
}
