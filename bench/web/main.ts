/**
 * `node bench/web.ts`: what the chat page costs, in the Chromium of the tests, over the gateway and a scripted engine of
 * this very process. Not a test: it prints figures with the machine's facts, and judges nothing.
 */
import { dirname } from 'node:path';
import { builtPage } from '../../test/kit/built-page.ts';
import { openChatScene } from '../../test/kit/chat-scene.ts';
import { readMachine } from '../serve/machine.ts';
import { firstLoad, firstPaint } from './first-load.ts';
import { longConversation } from './long-conversation.ts';
import { streaming } from './streaming.ts';

const root = dirname(dirname(import.meta.dirname));
const STREAM_SECONDS = process.argv.includes('--quick') ? 10 : 60;

const machine = await readMachine(root, new AbortController().signal);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

say('the first load and the first paint');
const load = await firstLoad(await builtPage());
const paint = await withScene(firstPaint);
say('a conversation of 500 messages');
const long = await withScene(longConversation);
say(`100 tokens a second for ${STREAM_SECONDS} s`);
const stream = await streaming(STREAM_SECONDS);
process.stdout.write(`${JSON.stringify({ machine, load, paint, long, stream }, null, 2)}\n`);

async function withScene<T>(
  work: (scene: Awaited<ReturnType<typeof openChatScene>>) => Promise<T>,
): Promise<T> {
  await using scene = await openChatScene();
  return await work(scene);
}
