/** Marks of calls and thoughts that are control tokens, which a tokenizer shows as nothing, with the real engine. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolGrammar } from '@filon/core/dialect/tool-grammar';
import type { ChatPrompt, Tool } from '@filon/core/serving/completion';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { LoadedModel } from '@filon/core/serving/session';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { openWorkerEngine, type WorkerEngine } from '@filon/node/adapters/worker/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FIRST_MARK, tinyModel } from './kit/gguf.ts';
import { ENGINE_CONFIG } from './kit/worker-engine.ts';

const MARKS = ['[TOOL_CALLS]', '[ARGS]', '[THINK]', '[/THINK]', '[OTHER]'];
const TEMPLATE =
  '{% if tools %}[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}{% for m in messages %}[INST]{{ m.content }}[/INST]' +
  '{% if m.tool_calls %}{% for c in m.tool_calls %}[TOOL_CALLS]{{ c.function.name }}[ARGS]{{ c.function.arguments | tojson }}{% endfor %}{% endif %}' +
  '{% endfor %}{% if enable_thinking %}[THINK]{% else %}[THINK][/THINK]{% endif %}';

const tool: Tool = {
  ...{ name: 'dig', description: 'Dig' },
  parameters: {
    type: 'object',
    properties: { days: { type: 'integer', minimum: 1, maximum: 7 } },
    required: ['days'],
  },
};
const signal = new AbortController().signal;

let engine: WorkerEngine;
let folder: string;
let loaded: LoadedModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-marks-'));
  const bytes = tinyModel({ marks: MARKS, chatTemplate: TEMPLATE });
  const path = join(folder, 'tiny.gguf');
  await writeFile(path, bytes);
  engine = await openWorkerEngine(ENGINE_CONFIG, { store: createMemoryStore(), log: createMemoryLog() });
  const model = createHash('sha256').update(bytes).digest('hex');
  const spec = { model, path, device: 'cpu', mode: 'fast', contextTokens: 1024, sessionsMax: 1 } as const;
  loaded = await engine.load(spec, { signal });
}, 120_000);
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function chat(more: Partial<ChatPrompt> = {}): ChatPrompt {
  return { kind: 'chat', messages: [{ role: 'user', content: 'Dig!' }], tools: [tool], ...more };
}

/** Text and tokens of an answer in which the marks are wished for. */
async function answer(grammar: string | null, wished: readonly number[], maxTokens: number) {
  const { tokens } = await engine.tokenize(loaded.model, chat(), { signal });
  const sampling = {
    ...DEFAULT_SAMPLING,
    seed: 1n,
    logitBias: wished.map((id): [number, number] => [id, 100]),
  };
  const request = {
    ...{ session: crypto.randomUUID(), model: loaded.model, tokens, promptTokens: tokens.length, maxTokens },
    ...{ sampling, stop: [], grammar, topLogprobs: null, ignoreEos: false },
  };
  let text = '';
  const drawn: number[] = [];
  for await (const event of engine.open(request, { signal })) {
    if (event.kind === 'token') drawn.push(event.token);
    if (event.kind === 'token' || event.kind === 'end') text += event.text;
  }
  return { text, drawn };
}

test('the template tells the dialect', () => {
  expect(loaded.dialect).toEqual({
    ...{ toolFormat: 'mistral-args', rendersTools: true, thinkingSwitch: true, systemRole: true },
    reasoning: { open: '[THINK]', close: '[/THINK]' },
  });
});

test('a prompt tells whether it ends inside a thought', async () => {
  const inside = await engine.tokenize(loaded.model, chat({ thinking: true }), { signal });
  const after = await engine.tokenize(loaded.model, chat({ thinking: false }), { signal });
  expect(inside.inReasoning).toBe(true);
  expect(after.inReasoning).toBe(false);
  expect(after.tokens.length).toBe(inside.tokens.length + 1);
});

test('a grammar takes marks that are control tokens, and their text is shown', async () => {
  const { dialect } = loaded;
  const grammar = dialect && toolGrammar(dialect, { tools: [tool], parallel: false });
  const { text, drawn } = await answer(grammar, [FIRST_MARK, FIRST_MARK + 1], 100);
  expect(drawn[0]).toBe(FIRST_MARK);
  expect(drawn).toContain(FIRST_MARK + 1);
  expect(text).toMatch(/^\[TOOL_CALLS\]dig\[ARGS\]\{\s*"days": ?[1-7]\s*\}$/);
});

test('other control tokens stay unseen', async () => {
  const { text, drawn } = await answer(null, [FIRST_MARK + 4], 5);
  expect(drawn).toEqual(Array.from({ length: 5 }, () => FIRST_MARK + 4));
  expect(text).toBe('');
});
