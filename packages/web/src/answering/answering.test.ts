import { describe, expect, test } from 'vitest';
import { type AnswerMessage, DEFAULT_SETTINGS } from '../conversation/message.ts';
import { answer, question } from '../conversation/messages.fixture.ts';
import { Library } from '../keep/library.ts';
import { createMemoryKeeper } from '../keep/memory-keeper.ts';
import { eventsOf } from '../wire/events.fixture.ts';
import {
  Answering,
  type AnsweringDeps,
  ASK_AGAIN_WITHIN_MS,
  type ResponsesApi,
  STOP_NAME_WAIT_MS,
} from './answering.ts';

interface Scene {
  answering: Answering;
  library: Library;
  conversation: string;
  bodies: unknown[];
  calls: string[];
  tiers: string[];
  /** Lets the next event of the answer through. */
  next: () => Promise<void>;
  /** Resolves with the answer when it has ended. */
  ended: Promise<AnswerMessage>;
  nowMs: { value: number };
}

interface SceneOptions {
  wait?: AnsweringDeps['wait'];
  /** The node takes the question when this resolves. */
  taken?: Promise<void>;
}

function openScene(
  words: readonly string[],
  { wait = async () => undefined, taken }: SceneOptions = {},
): Scene {
  let made = 0;
  const newId = (): string => `id${++made}`;
  const nowMs = { value: 0 };
  const library = new Library({ keeper: Promise.resolve(createMemoryKeeper()), nowMs: () => ++made, newId });
  const { id } = library.create({ ...DEFAULT_SETTINGS, system: 'be brief', seed: 3 }, 'ore');
  const bodies: unknown[] = [];
  const calls: string[] = [];
  const tiers: string[] = [];
  const ended = Promise.withResolvers<AnswerMessage>();
  const pump = createPump();
  const follow = (after: number): AsyncIterable<unknown> => pump.through(eventsOf(words).slice(after + 1));
  const api: ResponsesApi = {
    start: async (body, { tier }) => {
      bodies.push(body);
      tiers.push(tier);
      await taken;
      return follow(-1);
    },
    resume: async (response, after) => {
      calls.push(`resume ${response} after ${after}`);
      return follow(after);
    },
    cancel: async (response) => void calls.push(`cancel ${response}`),
    delete: async (response) => void calls.push(`delete ${response}`),
  };
  const deps: AnsweringDeps = {
    ...{ library, api, newId, wait, nowMs: () => ++made, gateways: () => [] },
    monotonicMs: () => nowMs.value,
    tierOf: ({ tier }) => tier ?? 'own',
    onEnd: ended.resolve,
  };
  const answering = new Answering(deps);
  return {
    answering,
    library,
    conversation: id,
    bodies,
    calls,
    tiers,
    next: pump.next,
    ended: ended.promise,
    nowMs,
  };
}

/** Gives one event at a time; `next` resolves when it was taken. */
function createPump(): {
  through: (events: readonly unknown[]) => AsyncGenerator<unknown>;
  next: () => Promise<void>;
} {
  let open: (() => void) | null = null;
  let wanted = Promise.withResolvers<void>();
  return {
    through: async function* (events) {
      for (const event of events) {
        const { promise, resolve } = Promise.withResolvers<void>();
        open = resolve;
        wanted.resolve();
        await promise;
        yield event;
      }
    },
    next: async () => {
      await wanted.promise;
      wanted = Promise.withResolvers<void>();
      open?.();
      await wanted.promise;
    },
  };
}

function messageOf({ library, conversation }: Scene, id: string): AnswerMessage {
  const chat = library.chat(conversation).get();
  const message = typeof chat === 'string' ? undefined : chat.messages.get(id);
  if (message?.role !== 'assistant') throw new RangeError(`no answer ${id}`);
  return message;
}

function liveId({ library, conversation }: Scene): string {
  const chat = library.chat(conversation).get();
  const messages = typeof chat === 'string' ? [] : [...chat.messages.values()];
  return messages.findLast(({ role }) => role === 'assistant')?.id ?? '';
}

const QUESTION = { text: 'What is ore?', attachments: [], model: 'ore-1b' };

describe('an answer', () => {
  test('is asked for with the conversation and its settings, measured, and then kept here alone', async () => {
    const scene = openScene(['one', ' two', ' three']);
    scene.answering.ask(scene.conversation, null, QUESTION);
    const id = liveId(scene);
    for (let step = 0; step < 4; step += 1) {
      scene.nowMs.value += 100;
      await scene.next();
    }
    expect(scene.answering.coming.get().get(id)?.get().run.text).toBe('one two three');
    scene.nowMs.value += 100;
    void scene.next();
    const message = await scene.ended;
    await scene.library.settled();
    expect(message).toMatchObject({ text: 'one two three', end: { kind: 'done' }, responseId: null });
    expect(message.figures).toEqual({ tokens: 3, firstTokenMs: 200, tokensPerSecond: 10 });
    expect(scene.answering.coming.get().size).toBe(0);
    expect(scene.calls).toEqual(['delete resp_1']);
    expect(scene.bodies).toEqual([
      expect.objectContaining({
        ...{ model: 'ore-1b', instructions: 'be brief', seed: 3, stream: true, background: true },
        input: [{ role: 'user', content: 'What is ore?' }],
      }),
    ]);
    expect(scene.bodies[0]).not.toHaveProperty('temperature');
    expect(scene.tiers).toEqual(['own']);
  });

  test('is asked of the machines that are chosen at that moment', async () => {
    const scene = openScene(['one']);
    const chat = scene.library.chat(scene.conversation).get();
    if (typeof chat === 'string') throw new RangeError(chat);
    scene.library.change(scene.conversation, { settings: { ...chat.conversation.settings, tier: 'open' } });
    scene.answering.ask(scene.conversation, null, QUESTION);
    await scene.next();
    await scene.next();
    void scene.next();
    await scene.ended;
    expect(scene.tiers).toEqual(['open']);
  });

  test('that is stopped is cancelled at the node and keeps what there is', async () => {
    const scene = openScene(['one', ' two']);
    scene.answering.ask(scene.conversation, null, QUESTION);
    const id = liveId(scene);
    await scene.next();
    await scene.next();
    await scene.answering.stop(id);
    expect(messageOf(scene, id)).toMatchObject({ text: 'one', end: { kind: 'stopped' } });
    expect(scene.calls[0]).toBe('cancel resp_1');
  });

  test('that is stopped before its name came is cancelled by that name', async () => {
    const taken = Promise.withResolvers<void>();
    const wait: AnsweringDeps['wait'] = () => new Promise<void>(() => undefined);
    const scene = openScene(['one'], { wait, taken: taken.promise });
    scene.answering.ask(scene.conversation, null, QUESTION);
    const id = liveId(scene);
    const stopped = scene.answering.stop(id);
    taken.resolve();
    void scene.next();
    await stopped;
    expect(messageOf(scene, id)).toMatchObject({ text: '', end: { kind: 'stopped' } });
    expect(scene.calls[0]).toBe('cancel resp_1');
  });

  test('that is stopped while the node does not take it is left after a moment', async () => {
    const waits: number[] = [];
    const wait: AnsweringDeps['wait'] = async (ms) => void waits.push(ms);
    const scene = openScene(['one'], { wait, taken: new Promise<void>(() => undefined) });
    scene.answering.ask(scene.conversation, null, QUESTION);
    const id = liveId(scene);
    await scene.answering.stop(id);
    expect(messageOf(scene, id).end).toEqual({ kind: 'stopped' });
    expect([waits, scene.calls]).toEqual([[STOP_NAME_WAIT_MS], []]);
  });

  test('is kept with its place in the stream while it comes', async () => {
    const scene = openScene(['one', ' two']);
    scene.answering.ask(scene.conversation, null, QUESTION);
    await scene.next();
    await scene.next();
    scene.answering.saveAll();
    const [whole] = await scene.library.all();
    expect(whole?.messages.at(-1)).toMatchObject({
      responseId: 'resp_1',
      sequence: 1,
      text: 'one',
      end: null,
    });
  });

  test('goes on after the page was loaded again', async () => {
    const scene = openScene(['one', ' two']);
    const coming = answer('a', 'q', { responseId: 'resp_1', sequence: 1, text: 'one', end: null });
    scene.library.putMessages(scene.conversation, [question('q'), coming]);
    const chat = scene.library.chat(scene.conversation).get();
    if (typeof chat === 'string') throw new RangeError(chat);
    scene.answering.takeUp(chat);
    scene.answering.takeUp(chat);
    await scene.next();
    void scene.next();
    expect(await scene.ended).toMatchObject({
      text: 'one two',
      figures: { tokens: 2, tokensPerSecond: null },
    });
    expect(scene.calls[0]).toBe('resume resp_1 after 1');
  });

  const untaken = (scene: Scene, createdMs: number): void => {
    const coming = answer('a', 'q', { text: '', end: null, createdMs });
    scene.library.putMessages(scene.conversation, [question('q'), coming]);
    const chat = scene.library.chat(scene.conversation).get();
    if (typeof chat !== 'string') scene.answering.takeUp(chat);
  };

  test('that the node had not taken when the page went is asked for again', async () => {
    const scene = openScene(['one']);
    untaken(scene, 0);
    await scene.next();
    await scene.next();
    void scene.next();
    expect(await scene.ended).toMatchObject({ id: 'a', text: 'one', end: { kind: 'done' } });
    expect(scene.bodies).toHaveLength(1);
  });

  test('that the node had not taken long ago is lost with the page', () => {
    const scene = openScene([]);
    untaken(scene, -ASK_AGAIN_WITHIN_MS);
    expect(messageOf(scene, 'a').end).toEqual({ kind: 'lost' });
    expect(scene.bodies).toEqual([]);
  });
});
