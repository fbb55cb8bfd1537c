/**
 * What `filon chat` needs of a node, and nothing more: a control socket, and the API on its own socket, which answers
 * `wait` with the beginning of an answer that never ends, and everything else with `You said:` and the question.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import type { Control } from '@filon/node/control/calls';
import { openControlServer } from '@filon/node/control/server';
import { ensureHome, homePaths } from '@filon/node/home/paths';

export interface TalkServer extends AsyncDisposable {
  readonly control: Control;
  /** Of each request so far: `role: content`. */
  readonly asked: string[][];
  /** Answers whose caller left before they ended. */
  readonly left: number;
}

export async function openTalkServer(home: string): Promise<TalkServer> {
  const asked: string[][] = [];
  let left = 0;
  const server = createServer(async (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) left += 1;
    });
    const messages = await messagesOf(request);
    asked.push(messages.map(({ role, content }) => `${role}: ${content}`));
    answer(response, messages.at(-1)?.content ?? '');
  });
  const paths = homePaths(home);
  ensureHome(paths);
  server.listen(paths.apiSocket);
  await once(server, 'listening');
  const control = {
    status: async () => ({ defaultModel: 'tiny' }),
    models: async () => ({ stored: [], catalogue: [], elsewhere: [], upstreams: [] }),
    show: async ({ name }: { name: string }) => ({ name }),
  } as unknown as Control;
  const socket = await openControlServer({ path: paths.socket }, { control, log: createMemoryLog() });
  return {
    control,
    asked,
    get left() {
      return left;
    },
    [Symbol.asyncDispose]: async () => {
      await socket[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Message {
  role: string;
  content: string;
}

async function messagesOf(request: IncomingMessage): Promise<Message[]> {
  const body = Buffer.concat(await request.toArray()).toString();
  return (JSON.parse(body) as { messages: Message[] }).messages;
}

function answer(response: ServerResponse, question: string): void {
  const chunk = (choice: object): void =>
    void response.write(`data: ${JSON.stringify({ choices: [choice] })}\n\n`);
  chunk({ delta: { content: question === 'wait' ? 'Just a' : `You said: ${question}` } });
  if (question === 'wait') return;
  chunk({ delta: {}, finish_reason: 'stop' });
  response.end('data: [DONE]\n\n');
}
