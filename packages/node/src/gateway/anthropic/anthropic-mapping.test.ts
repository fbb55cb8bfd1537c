/** The mapping both ways, over answers and conversations that nobody thought of. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryAnswer, arbitraryTurn, played } from '../../../../../test/kit/arbitrary-answers.ts';
import { collect } from '../answer/collect.ts';
import { type ContentBlock, wholeMessage } from './answer.ts';
import { MessageEvents } from './events.ts';
import { messagesCall } from './request.ts';

const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
const head = { id: 'id', model: 'm', usage };
const caller = { onFirstToken: () => undefined };

/** What a client makes of the events; every event must have its place. */
class Reader {
  readonly blocks: ContentBlock[] = [];
  readonly #inputs = new Map<number, string>();
  #open: number | null = null;

  take(event: ReturnType<MessageEvents['of']>[number]): void {
    if (event.type === 'content_block_start') {
      expect(this.#open).toBeNull();
      expect(event.index).toBe(this.blocks.length);
      this.#open = event.index;
      this.blocks.push({ ...event.content_block });
    } else if (event.type === 'content_block_stop') {
      expect(event.index).toBe(this.#open);
      this.#open = null;
      const block = this.blocks.at(-1);
      if (block?.type === 'tool_use') block.input = JSON.parse(this.#inputs.get(event.index) || '{}');
    } else if (event.type === 'content_block_delta') {
      expect(event.index).toBe(this.#open);
      this.#grow(event.index, event.delta);
    } else expect(this.#open).toBeNull();
  }

  #grow(index: number, delta: object): void {
    const block = this.blocks.at(-1);
    if (block?.type === 'text' && 'text' in delta) block.text += delta.text;
    else if (block?.type === 'thinking' && 'thinking' in delta) block.thinking += delta.thinking;
    else if (block?.type === 'thinking' && 'signature' in delta) block.signature = String(delta.signature);
    else if (block?.type === 'tool_use' && 'partial_json' in delta) {
      this.#inputs.set(index, (this.#inputs.get(index) ?? '') + delta.partial_json);
    } else expect.fail(`${JSON.stringify(delta)} in ${block?.type}`);
  }
}

const textsOf = (blocks: readonly ContentBlock[], key: 'text' | 'thinking'): string =>
  blocks.map((block) => (key in block ? String(Reflect.get(block, key)) : '')).join('');
const callsOf = (blocks: readonly ContentBlock[]): ContentBlock[] =>
  blocks.filter(({ type }) => type === 'tool_use');

test('a stream adds up to the whole answer', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryAnswer, async (chunks) => {
      const mapped = new MessageEvents({ showThinking: true });
      const events = chunks.filter(({ kind }) => kind !== 'pause').flatMap((chunk) => mapped.of(chunk));
      const reader = new Reader();
      for (const event of events) reader.take(event);
      const whole = wholeMessage(head, await collect(played(chunks), 1, caller), { showThinking: true });
      expect(textsOf(reader.blocks, 'text')).toBe(textsOf(whole.content, 'text'));
      expect(textsOf(reader.blocks, 'thinking')).toBe(textsOf(whole.content, 'thinking'));
      expect(callsOf(reader.blocks)).toEqual(callsOf(whole.content));
      expect(events.at(-1)).toEqual({ type: 'message_stop' });
      const { stop_reason, stop_sequence } = whole;
      expect(events.at(-2)).toMatchObject({
        ...{ type: 'message_delta', usage: whole.usage },
        delta: { stop_reason, stop_sequence },
      });
    }),
    { numRuns: 1_000 },
  );
});

test('an answer that is sent back is the turn that it was', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTurn, async (chunks) => {
      const answer = await collect(played(chunks), 1, caller);
      const { content } = wholeMessage(head, answer, { showThinking: true });
      const { request } = messagesCall({
        model: 'm',
        max_tokens: 1,
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content },
          { role: 'user', content: 'b' },
        ],
      });
      const [choice] = answer.choices;
      const turn = request.prompt.kind === 'chat' ? request.prompt.messages[1] : undefined;
      expect(turn?.content).toBe(choice?.text);
      expect(turn?.reasoning ?? '').toBe(choice?.reasoning);
      const calls = choice?.toolCalls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) }));
      expect(
        (turn?.toolCalls ?? []).map((call) => ({ ...call, arguments: JSON.parse(call.arguments) })),
      ).toEqual(calls);
    }),
    { numRuns: 500 },
  );
});

test('every text of a conversation reaches the model once and in order', () => {
  const text = fc.stringMatching(/^[a-z]{1,6}$/);
  const block = fc.oneof(
    text.map((said) => ({ type: 'text', text: said })),
    text.map((said) => ({ type: 'tool_result', tool_use_id: 'x', content: said })),
  );
  const turns = fc.array(fc.array(block, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.option(text), turns, (system, said) => {
      const messages = said.flatMap((content) => [
        { role: 'user', content },
        { role: 'assistant', content: [{ type: 'text', text: 'yes' }] },
      ]);
      const { request } = messagesCall({
        model: 'm',
        max_tokens: 1,
        system,
        messages: messages.slice(0, -1),
      });
      const reached = request.prompt.kind === 'chat' ? request.prompt.messages : [];
      const texts = reached.flatMap(({ content }) => content.split('\n\n'));
      const expected = said.flatMap((blocks) => [
        ...blocks.map((one) => ('text' in one ? one.text : one.content)),
        'yes',
      ]);
      expect(texts).toEqual([...(system === null ? [] : [system]), ...expected.slice(0, -1)]);
      const twice = reached.some(({ role }, index) => role === 'user' && reached[index + 1]?.role === 'user');
      expect(twice).toBe(false);
    }),
  );
});
