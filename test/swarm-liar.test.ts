/** A real node that has other weights under the right name and hash: found by canaries, and asked by nobody from then on. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homePaths } from '@filon/node/home/paths';
import { expect, test } from 'vitest';
import {
  inviteOf,
  never,
  openRealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
  wrongWeights,
} from './kit/real-swarm.ts';

/** As docs/protocol/routing.md says: within so many answers that it gave. */
const ANSWERS_MAX = 32;
const RUN_MS = 180_000;

/** Its file is checked when it comes; whoever changes it afterwards deceives the others with a node that is as it was made. */
async function changeWeights(node: SwarmNode): Promise<void> {
  const blobs = join(homePaths(node.home.home).models, 'blobs');
  const [name] = await readdir(blobs);
  await rm(join(blobs, name ?? ''));
  await writeFile(join(blobs, name ?? ''), wrongWeights());
}

test(
  'a wrong model under a right name is found within the stated number of answers',
  async () => {
    await using swarm = await openRealSwarm();
    const rig = await swarm.add({ name: 'rig', serves: true });
    await swarm.add({ name: 'second rig', serves: true });
    const laptop = await swarm.add({ name: 'laptop', serves: false });
    const liar = await swarm.prepare({ name: 'liar', serves: true });
    await liar.start();
    await liar.kill();
    await changeWeights(liar);

    const ask = async (): Promise<{ text: string; by: string | null }> => {
      const answer = await fetch(`${laptop.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: SWARM_MODEL,
          messages: [{ role: 'user', content: 'What is true?' }],
          ...{ max_tokens: 24, temperature: 0, ignore_eos: true },
        }),
      });
      const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
      return { text: choices[0]?.message.content ?? '', by: answer.headers.get('filon-served-by') };
    };
    const { text: truth } = await ask();
    await liar.start('--join', await inviteOf(rig));
    const key = (await liar.status()).swarm?.self.key ?? '';
    const refusal = async (): Promise<string | undefined> => {
      const question = { model: SWARM_MODEL, tier: null, promptTokens: 10, answerTokens: 10 };
      const { refused } = await laptop.control.route(question, never);
      return refused.find(({ node }) => node === key)?.refusal;
    };
    let lies = 0;
    await until('the liar is found', async () => {
      const { text, by } = await ask();
      if (by === key) lies += 1;
      else expect(text).toBe(truth);
      return (await refusal()) === 'unreliable';
    });
    expect(lies).toBeLessThanOrEqual(ANSWERS_MAX);
    for (let count = 0; count < 3; count += 1) {
      const { text, by } = await ask();
      expect(by).not.toBe(key);
      expect(text).toBe(truth);
    }
  },
  RUN_MS,
);
