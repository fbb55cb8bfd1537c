/** Real nodes of one swarm, and the official `openai` client at one that has neither a model nor an engine at work. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  inviteOf,
  never,
  openRealSwarm,
  type RealSwarm,
  SWARM_MODEL,
  type SwarmNode,
  until,
} from './kit/real-swarm.ts';

let swarm: RealSwarm;
let rig: SwarmNode;
let laptop: SwarmNode;
beforeAll(async () => {
  swarm = await openRealSwarm();
  rig = await swarm.add({ name: 'rig', serves: true });
  laptop = await swarm.add({ name: 'laptop', serves: false });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const at = ({ url }: SwarmNode): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 60_000 });
const CHAT = {
  model: SWARM_MODEL,
  messages: [{ role: 'user' as const, content: 'What is down there?' }],
  ...{ max_tokens: 40, temperature: 0, seed: 7, ignore_eos: true },
};

describe('a node without a model', () => {
  test('came up by an invite alone, and fetched nothing', async () => {
    const ready = await laptop.running.event('ready');
    expect(ready).toMatchObject({ model: SWARM_MODEL, elsewhere: 'open' });
    const { stored, elsewhere } = await laptop.control.models({}, never);
    expect(stored).toEqual([]);
    expect(elsewhere).toMatchObject([{ name: SWARM_MODEL, sha256: swarm.model.sha256, tier: 'open' }]);
  });

  test('answers the official client with what the rig computes, byte for byte', async () => {
    const there = await at(rig).chat.completions.create(CHAT);
    const here = await at(laptop).chat.completions.create(CHAT);
    expect(here.choices).toEqual(there.choices);
    expect(here.usage).toMatchObject({ completion_tokens: 40 });
    let text = '';
    for await (const chunk of await at(laptop).chat.completions.create({ ...CHAT, stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(there.choices[0]?.message.content);
    expect((await laptop.status()).engine.workers).toEqual([]);
  });

  test('lists what others have, marked so', async () => {
    const [model, ...more] = (await at(laptop).models.list()).data;
    expect(more).toEqual([]);
    expect(model).toMatchObject({ id: SWARM_MODEL, filon: { elsewhere: 'open', loaded: false } });
  });
});

describe('whose machines', () => {
  test('the tier own refuses the rigs of others, and says so', async () => {
    const client = at(laptop).withOptions({ defaultHeaders: { 'filon-tier': 'own' } });
    await expect(client.chat.completions.create(CHAT)).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      message: expect.stringMatching(/not within the tier 'own' \(it takes 'open'\)/),
    });
    expect((await client.models.list()).data).toEqual([]);
  });

  test('an operator who is trusted is within the tier trusted, until he is not', async () => {
    const client = at(laptop).withOptions({ defaultHeaders: { 'filon-tier': 'trusted' } });
    const [peer] = (await laptop.control.peers({}, never))?.peers ?? [];
    const added = await laptop.control.trust({ operator: peer?.name ?? '', name: 'anna' }, never);
    expect(added).toMatchObject({ operator: peer?.operator, name: 'anna' });
    expect((await client.chat.completions.create(CHAT)).usage?.completion_tokens).toBe(40);
    await laptop.control.distrust({ operator: 'anna' }, never);
    await expect(client.chat.completions.create(CHAT)).rejects.toMatchObject({ status: 404 });
  });

  test('an enrolled machine is one of the operator, listed and watched from the others', async () => {
    const second = await swarm.prepare({ name: 'second machine', serves: false });
    await second.start('--enrol', await inviteOf(rig, { enrols: true }));
    expect(await second.running.event('ready')).toMatchObject({ elsewhere: 'own' });
    const client = at(second).withOptions({ defaultHeaders: { 'filon-tier': 'own' } });
    expect((await client.chat.completions.create(CHAT)).usage?.completion_tokens).toBe(40);
    const rigs = await second.control.rigs({}, never);
    expect(rigs).toMatchObject([
      { isSelf: true, state: 'up', models: [] },
      { isSelf: false, state: 'up', version: rigs[0]?.version, models: [{ name: SWARM_MODEL, load: {} }] },
    ]);
    await second.kill();
    await until('the rig sees that it is gone', async () => {
      const [, other] = await rig.control.rigs({}, never);
      return other?.state !== 'up';
    });
  });

  test('what one machine of an operator had read is not read again for another one', async () => {
    const system = { role: 'system' as const, content: 'You know the mine. '.repeat(16) };
    const cached: (number | undefined)[] = [];
    for (const [name, content] of [
      ['third machine', 'How deep is it?'],
      ['fourth machine', 'How old is it?'],
    ] as const) {
      const machine = await swarm.prepare({ name, serves: false });
      await machine.start('--enrol', await inviteOf(rig, { enrols: true }));
      await machine.running.event('ready');
      const messages = [system, { role: 'user' as const, content }];
      const { usage } = await at(machine).chat.completions.create({ ...CHAT, messages, max_tokens: 4 });
      cached.push(usage?.prompt_tokens_details?.cached_tokens);
      await machine.kill();
    }
    expect(cached[0]).toBeLessThan(32);
    expect(cached[1]).toBeGreaterThan(200);
  });

  test('an invite makes nobody a rig, and a word lets in one node', async () => {
    const other = await swarm.prepare({ name: 'somebody', serves: false });
    await expect(other.start('--enrol', await inviteOf(rig))).rejects.toThrow(/CONTROL_ENROLS_NOBODY/);
    const word = await inviteOf(rig);
    await other.start('--join', word);
    const third = await swarm.prepare({ name: 'another', serves: false });
    await expect(third.start('--join', word)).rejects.toThrow(/INVITE_REFUSED/);
  });
});

describe('the commands', () => {
  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await laptop.home.run(words);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  test('show who is there, what can be asked, and where a question would go', async () => {
    const [peer] =
      (await laptop.control.peers({}, never))?.peers.filter(({ models }) => models.length > 0) ?? [];
    const name = peer?.name ?? '';
    expect(await said('peers')).toMatch(
      new RegExp(`^${name} +direct +[\\d.]+ ms +open .*${SWARM_MODEL}`, 'm'),
    );
    expect(await said('ls')).toMatch(new RegExp(`^${SWARM_MODEL} +512 tokens +open$`, 'm'));
    expect(await said('route', SWARM_MODEL)).toMatch(new RegExp(`^${name} +open +\\d+ ms`, 'm'));
    expect(await said('route', SWARM_MODEL, '--tier', 'open')).not.toContain('Not ');
    expect(await said('swarm', 'ls')).toContain('(this node)');
    expect(await said('rigs')).toContain('(this node)');
    expect(await said('status')).toMatch(/^Swarm +garage, \d members known, \d connected$/m);
    expect(await said('doctor')).toMatch(/^ok +swarm +garage/m);
    expect(JSON.parse(await said('peers', '--json'))).toMatchObject({ swarm: { name: 'garage' } });
  });

  test('ask, within the tier that they are told', async () => {
    expect((await said('run', SWARM_MODEL, 'Hello', '--max-tokens', '8')).length).toBeGreaterThan(1);
    const { code, stderr } = await laptop.home.run(['run', SWARM_MODEL, 'Hello', '--tier', 'own']);
    expect(code).toBe(1);
    expect(stderr).toContain("not within the tier 'own'");
    expect((await laptop.home.run(['run', SWARM_MODEL, 'Hello', '--tier', 'all'])).code).toBe(2);
  });

  test('keep a list of whom to trust', async () => {
    const { operator } = (await rig.status()).swarm?.self ?? {};
    await said('trust', 'add', operator ?? '', '--name', 'anna');
    expect(await said('trust', 'ls')).toMatch(new RegExp(`^anna .*${operator}$`, 'm'));
    await said('trust', 'rm', 'anna');
    expect(await said('trust', 'ls')).toContain('Nobody is trusted');
    const unknown = await laptop.home.run(['trust', 'add', 'nobody-known']);
    expect(unknown.stderr).toContain('CONTROL_NODE_UNKNOWN');
  });

  test('let nobody in where the node may not', async () => {
    expect((await laptop.home.run(['swarm', 'invite'])).stderr).toContain('SWARM_MAY_NOT_INVITE');
    expect((await laptop.home.run(['swarm', 'create', 'other'])).stderr).toContain('SWARM_MEMBER_ALREADY');
    const { stdout } = await rig.home.run(['swarm', 'invite', '--expires', '1h']);
    expect(stdout).toMatch(/^filoninvite1\w+\n$/);
  });
});

test('who leaves is in no swarm, and nothing of others is left', async () => {
  await laptop.control.leaveSwarm({}, never);
  expect(await laptop.control.peers({}, never)).toBeNull();
  expect((await laptop.status()).swarm).toBeNull();
  expect((await at(laptop).models.list()).data).toEqual([]);
  const logged = (await laptop.home.run(['logs'])).stdout;
  expect(logged).toContain('swarm.left');
});
