import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readGbnf } from '../schema/gbnf-acceptor.fixture.ts';
import type { Tool } from '../serving/completion.ts';
import { openAnswerParser } from './answer-parser.ts';
import type { Dialect, ToolFormat } from './dialect.ts';
import { afterReasoning, toolGrammar } from './tool-grammar.ts';

const FORMATS: ToolFormat[] = [
  ...([
    'hermes',
    'qwen-xml',
    'llama3',
    'mistral',
    'mistral-args',
    'gemma',
    'function-gemma',
    'json',
  ] as const),
];
const THINK = { open: '<think>', close: '</think>' };
const dialect = (toolFormat: ToolFormat): Dialect => ({
  ...{ toolFormat, rendersTools: true, reasoning: THINK, thinkingSwitch: false, systemRole: true },
});

const find: Tool = {
  name: 'find',
  description: '',
  parameters: {
    type: 'object',
    properties: {
      text: { type: 'string' },
      kind: { type: 'string', enum: ['a', 'b"'] },
      count: { type: 'integer', minimum: 1, maximum: 20 },
      on: { type: 'string', format: 'date' },
      tags: { type: 'array', items: { $ref: '#/$defs/tag' }, maxItems: 3 },
      either: { anyOf: [{ type: 'null' }, { type: 'string', maxLength: 4 }] },
    },
    required: ['text', 'count'],
    $defs: { tag: { type: 'string', pattern: '^[a-z]{1,3}$' } },
  },
};
const now: Tool = { name: 'now', description: '', parameters: {} };

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface ReadAnswer {
  text: string;
  reasoning: string;
  calls: { name: string; arguments: unknown }[];
}

function read(answer: string, of: Dialect, tools: Tool[], startsInReasoning: boolean = false): ReadAnswer {
  const parser = openAnswerParser(of, { startsInReasoning, tools });
  const got = { text: '', reasoning: '', calls: [] as { name: string; json: string }[] };
  for (const piece of [...parser.push(answer), ...parser.end()]) {
    const last = got.calls.at(-1);
    if (piece.kind === 'tool-call') got.calls.push({ name: piece.name, json: '' });
    else if (piece.kind !== 'tool-arguments') got[piece.kind] += piece.text;
    else if (last) last.json += piece.text;
  }
  const calls = got.calls.map(({ name, json }) => ({ name, arguments: JSON.parse(json) as unknown }));
  return { ...got, calls };
}

function checkFind(given: unknown): void {
  expect(given).toMatchObject({ text: expect.any(String), count: expect.any(Number) });
  const { text, kind, count, on, tags, either, ...others } = given as Record<string, unknown>;
  expect(typeof text).toBe('string');
  expect(others).toEqual({});
  expect(count).toSatisfy((value: number) => Number.isInteger(value) && value >= 1 && value <= 20);
  if (kind !== undefined) expect(['a', 'b"']).toContain(kind);
  if (on !== undefined) expect(on).toMatch(/^\d{4}-\d\d-\d\d$/);
  if (tags !== undefined) for (const tag of tags as unknown[]) expect(tag).toMatch(/^[a-z]{1,3}$/);
  if (either !== undefined && either !== null) expect([...(either as string)].length).toBeLessThanOrEqual(4);
}

describe.each(FORMATS)('a required call in %s', (format) => {
  const of = dialect(format);
  test('is a call of an offered tool with arguments that satisfy its schema', () => {
    const language = readGbnf(toolGrammar(of, { tools: [find, now], parallel: true }));
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const answer = language.sample(random(seed));
        const { text, calls } = read(answer, of, [find, now]);
        expect(text).toBe('');
        expect(calls.length).toBeGreaterThan(0);
        for (const call of calls) {
          if (call.name === 'find') checkFind(call.arguments);
          else expect(call).toMatchObject({ name: 'now', arguments: {} });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is one call where several are not wanted', () => {
    const language = readGbnf(toolGrammar(of, { tools: [find, now], parallel: false }));
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(read(language.sample(random(seed)), of, [find, now]).calls).toHaveLength(1);
      }),
      { numRuns: 100 },
    );
  });

  test('may come after the thought that the prompt began', () => {
    const language = readGbnf(afterReasoning(toolGrammar(of, { tools: [now], parallel: false }), THINK));
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { text, reasoning, calls } = read(language.sample(random(seed)), of, [now], true);
        expect(text).toBe('');
        expect(reasoning).not.toContain('</think>');
        expect(calls).toHaveLength(1);
      }),
      { numRuns: 100 },
    );
  });

  test('leaves room for an answer in a format instead of a call', () => {
    const schema = { type: 'object', properties: { sum: { type: 'integer' } }, required: ['sum'] };
    const orElse = { kind: 'schema', schema } as const;
    const language = readGbnf(toolGrammar(of, { tools: [now], parallel: false, orElse }));
    expect(language.accepts('{"sum": 4}')).toBe(true);
    expect(language.accepts('four')).toBe(false);
  });
});

describe('of texts', () => {
  test('a plain text argument may hold whatever is not its end', () => {
    const language = readGbnf(toolGrammar(dialect('qwen-xml'), { tools: [find], parallel: false }));
    const written = (text: string): string =>
      `<tool_call>\n<function=find>\n<parameter=text>\n${text}\n</parameter>\n<parameter=count>\n7\n</parameter>\n</function>\n</tool_call>`;
    const letters = fc.constantFrom(
      '<',
      '/',
      '</',
      'parameter',
      '</para',
      '>',
      '\n',
      '"',
      'é',
      '😀',
      'a',
      '=',
    );
    const texts = fc.array(letters, { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        if (text.includes('</parameter>')) return;
        expect(language.accepts(written(text))).toBe(true);
        const { calls } = read(written(text), dialect('qwen-xml'), [find]);
        expect(calls).toEqual([{ name: 'find', arguments: { text, count: 7 } }]);
      }),
      { numRuns: 300 },
    );
    expect(language.accepts(written('a</parameter>b'))).toBe(false);
  });

  test('a tool whose schema no grammar can say is refused by name', () => {
    const odd = { ...find, parameters: { type: 'object', not: {} } };
    expect(() => toolGrammar(dialect('hermes'), { tools: [now, odd], parallel: true })).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ tool: 'find', reason: 'SCHEMA_UNSUPPORTED' }),
      }),
    );
  });
});
