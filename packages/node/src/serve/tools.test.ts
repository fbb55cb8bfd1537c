import type { Dialect, ToolFormat } from '@filon/core/dialect/dialect';
import type { ChatPrompt, Chunk, CompletionRequest, Tool } from '@filon/core/serving/completion';
import { describe, expect, test } from 'vitest';
import {
  answerOf,
  chatRequest,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
  textOf,
} from '../../../../test/kit/scripted-serving.ts';

const THINK = { open: '<think>', close: '</think>' };
const dialect = (toolFormat: ToolFormat, more: Partial<Dialect> = {}): Dialect => ({
  ...{ toolFormat, rendersTools: true, reasoning: null, thinkingSwitch: false, systemRole: true },
  ...more,
});
const weather: Tool = {
  ...{ name: 'weather', description: '' },
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const time: Tool = { name: 'time', description: '', parameters: { type: 'object', properties: {} } };

function asks(more: Partial<ChatPrompt> = {}, request: Partial<CompletionRequest> = {}): CompletionRequest {
  const plain = chatRequest('Paris?', { maxTokens: 400, ...request });
  const prompt = {
    kind: 'chat',
    messages: [{ role: 'user', content: 'Paris?' }],
    tools: [weather, time],
  } as const;
  return { ...plain, prompt: { ...prompt, ...more } };
}

/** A node whose model answers so, whatever it is asked; what it was asked for as a grammar is kept. */
async function answering(
  answer: string,
  options: ScriptedServingOptions,
): Promise<ScriptedServing & { grammars: (string | null)[] }> {
  const grammars: (string | null)[] = [];
  const scripted = await openScriptedServing({
    ...options,
    answer: ({ grammar }) => {
      grammars.push(grammar);
      return answer;
    },
  });
  return { ...scripted, grammars };
}

interface Told {
  text: string;
  reasoning: string;
  calls: { id: string; name: string; arguments: string }[];
  reason: string | undefined;
  reasoningTokens: number;
}

function told(chunks: readonly Chunk[], choice: number = 0): Told {
  const all: Told = { text: '', reasoning: '', calls: [], reason: undefined, reasoningTokens: 0 };
  for (const chunk of chunks) {
    if (chunk.kind === 'usage') all.reasoningTokens = chunk.usage.reasoningTokens;
    else if (chunk.choice !== choice) continue;
    else if (chunk.kind === 'delta') all.text += chunk.text;
    else if (chunk.kind === 'reasoning') all.reasoning += chunk.text;
    else if (chunk.kind === 'end') all.reason = chunk.reason;
    else if (chunk.kind === 'tool-call') {
      expect(chunk.index).toBe(all.calls.length);
      all.calls.push({ id: chunk.id, name: chunk.name, arguments: '' });
    } else if (chunk.kind === 'tool-arguments') {
      expect(chunk.index).toBe(all.calls.length - 1);
      const last = all.calls.at(-1);
      if (last) last.arguments += chunk.text;
    }
  }
  return all;
}

const WRITTEN: [ToolFormat, string][] = [
  [
    'hermes',
    'So.\n<tool_call>\n{"name": "weather", "arguments": {"city": "París"}}\n</tool_call>\n<tool_call>\n{"name": "time", "arguments": {}}\n</tool_call>',
  ],
  [
    'qwen-xml',
    'So.\n\n<tool_call>\n<function=weather>\n<parameter=city>\nParís\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=time>\n</function>\n</tool_call>',
  ],
  ['llama3', 'So.\n{"name": "weather", "parameters": {"city": "París"}}; {"name": "time", "parameters": {}}'],
  [
    'mistral',
    'So.[TOOL_CALLS][{"name": "weather", "arguments": {"city": "París"}}, {"name": "time", "arguments": {}}]',
  ],
  ['mistral-args', 'So.[TOOL_CALLS]weather[ARGS]{"city": "París"}[TOOL_CALLS]time[ARGS]{}'],
  [
    'gemma',
    'So.<|tool_call>call:weather{city:<|"|>París<|"|>}<tool_call|><|tool_call>call:time{}<tool_call|>',
  ],
  [
    'function-gemma',
    'So.<start_function_call>call:weather{city:<escape>París<escape>}<end_function_call><start_function_call>call:time{}<end_function_call>',
  ],
  ['json', 'So.\n{"name": "weather", "arguments": {"city": "París"}}\n{"name": "time", "arguments": {}}\n'],
];

describe('calls of tools', () => {
  test.each(WRITTEN)('in %s come as chunks of their own', async (format, answer) => {
    const scripted = await answering(answer, { dialect: dialect(format) });
    const { text, calls, reason } = told(await answerOf(scripted, asks()));
    expect(text).toBe('So.');
    expect(calls.map(({ name }) => name)).toEqual(['weather', 'time']);
    expect(calls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([{ city: 'París' }, {}]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(reason).toBe('tool-calls');
    expect(scripted.grammars).toEqual([null]);
  });

  const [[format, two]] = WRITTEN as [[ToolFormat, string]];
  test('are text to a chat without tools', async () => {
    for (const more of [{ tools: [] }, { toolChoice: { kind: 'none' } }] as const) {
      const scripted = await answering(two, { dialect: dialect(format) });
      const chunks = await answerOf(scripted, asks(more));
      expect(textOf(chunks)).toBe(two);
      expect(told(chunks)).toMatchObject({ calls: [], reason: 'stop' });
    }
  });

  test('end the answer at the first where only one is wanted, and free the slot', async () => {
    const scripted = await answering(two, { dialect: dialect(format) });
    const chunks = await answerOf(scripted, asks({ parallelToolCalls: false }));
    expect(told(chunks)).toMatchObject({ calls: [{ name: 'weather' }], reason: 'tool-calls' });
    expect(chunks.at(-1)).toMatchObject({ kind: 'usage' });
    expect(scripted.engine.status().sessions[0]?.count).toBe(0);
  });

  test('have ids that neither choices nor turns share, and that are the same again', async () => {
    const scripted = await answering(two, { dialect: dialect(format) });
    const chunks = await answerOf(scripted, asks({}, { choices: 2 }));
    const other = await answerOf(scripted, asks({ messages: [{ role: 'user', content: 'Rome?' }] }));
    const ids = [told(chunks), told(chunks, 1), told(other)].flatMap(({ calls }) =>
      calls.map(({ id }) => id),
    );
    expect(new Set(ids).size).toBe(6);
    for (const id of ids) expect(id).toMatch(/^call_[a-zA-Z0-9_]{1,59}$/);
    expect(told(await answerOf(scripted, asks({}, { choices: 2 })))).toEqual(told(chunks));
  });

  test('are passed on as far as they came when the answer is cut off', async () => {
    const scripted = await answering(two, { dialect: dialect(format) });
    const cut = told(await answerOf(scripted, asks({}, { maxTokens: 60 })));
    expect(cut).toMatchObject({ reason: 'length', calls: [{ name: 'weather' }] });
    expect('{"city": "París"}'.startsWith(cut.calls[0]?.arguments ?? '?')).toBe(true);
  });

  test('go on after the death of a worker in their middle', async () => {
    let deaths = 0;
    const scripted = await answering(two, {
      dialect: dialect(format),
      diesAt: ({ generated }) => {
        if (deaths > 0 || generated !== 50) return false;
        deaths += 1;
        return true;
      },
    });
    const chunks = await answerOf(scripted, asks());
    expect(chunks.some(({ kind }) => kind === 'pause')).toBe(true);
    expect(told(chunks).calls.map((call) => call.arguments)).toEqual(['{"city": "París"}', '{}']);
  });
});

describe('a required call', () => {
  test.each([
    ['required', { kind: 'required' }, ['weather', 'time']],
    ['named', { kind: 'named', name: 'time' }, ['time']],
  ] as const)(
    '(%s) is enforced by a grammar of the tools that may be called',
    async (_, toolChoice, names) => {
      const scripted = await answering('', { dialect: dialect('hermes') });
      await answerOf(scripted, asks({ toolChoice }));
      const [grammar = ''] = scripted.grammars;
      for (const { name } of [weather, time]) {
        expect(grammar?.includes(`\\"name\\": \\"${name}\\"`)).toBe(names.includes(name as never));
      }
    },
  );

  test('leaves room for the thought that the prompt began; so does a format', async () => {
    const thinking = { dialect: dialect('hermes', { reasoning: THINK }), inReasoning: true };
    const scripted = await answering('', thinking);
    await answerOf(scripted, asks({ toolChoice: { kind: 'required' } }));
    await answerOf(scripted, asks({ tools: [] }, { format: { kind: 'json' } }));
    for (const grammar of scripted.grammars) expect(grammar).toMatch(/^root ::= thought-0 "<\/think>"/);
  });

  test('beside a free choice, a format of the answer leaves room for calls', async () => {
    const scripted = await answering('', { dialect: dialect('hermes') });
    await answerOf(scripted, asks({}, { format: { kind: 'json' } }));
    expect(scripted.grammars[0]).toContain('root ::= call-');
    expect(scripted.grammars[0]).toContain('object');
  });

  test.each([
    ['with a format', asks({ toolChoice: { kind: 'required' } }, { format: { kind: 'json' } })],
    ['of a tool that is not offered', asks({ toolChoice: { kind: 'named', name: 'bomb' } })],
    ['without tools', asks({ tools: [], toolChoice: { kind: 'required' } })],
    ['with a tool twice', asks({ tools: [time, time] })],
    [
      'whose parameters no grammar can say',
      asks({ tools: [{ ...time, parameters: { not: {} } }], toolChoice: { kind: 'required' } }),
    ],
  ])('%s is refused before anything is computed', async (_, request) => {
    const scripted = await answering('', { dialect: dialect('hermes') });
    await expect(answerOf(scripted, request)).rejects.toMatchObject({ code: 'SERVE_TOOLS_INVALID' });
    expect(scripted.engine.status().counters.generatedTokens).toBe(0);
    expect(scripted.serving.stats()).toMatchObject({ active: 0 });
  });
});

describe('thoughts', () => {
  const reasoning = { dialect: dialect('hermes', { reasoning: THINK }) };
  test('are kept apart from the answer, and their tokens are counted', async () => {
    const scripted = await answering('<think>\nOne.\n</think>\n\nYes.', reasoning);
    const chunks = await answerOf(scripted, chatRequest('hello', { topLogprobs: 0 }));
    expect(told(chunks)).toMatchObject({ text: 'Yes.', reasoning: 'One.', reason: 'stop' });
    // The scripted vocabulary has a token for each letter: 'think>' and what follows to the end of the mark.
    expect(told(chunks).reasoningTokens).toBe('>\nOne.\n</think>'.length);
    const sent = chunks.flatMap((chunk) => (chunk.kind === 'delta' ? chunk.logprobs : []));
    expect(Buffer.concat(sent.map(({ bytes }) => bytes)).toString()).toMatch(/^\s*Yes\.$/);
  });

  test('that the prompt began come first', async () => {
    const scripted = await answering('One.</think>Yes.', { ...reasoning, inReasoning: true });
    const chunks = await answerOf(scripted, chatRequest('hello'));
    expect(told(chunks)).toMatchObject({ text: 'Yes.', reasoning: 'One.' });
  });

  test('are none in a completion of text', async () => {
    const answer = '<think>One.</think>Yes.';
    const scripted = await answering(answer, reasoning);
    const request = chatRequest('', { prompt: { kind: 'text', text: 'hello' } });
    expect(textOf(await answerOf(scripted, request))).toBe(answer);
  });
});
