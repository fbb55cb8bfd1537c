import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Tool } from '../serving/completion.ts';
import { type AnswerPiece, openAnswerParser } from './answer-parser.ts';
import type { Dialect, ToolFormat } from './dialect.ts';
import { Pieces } from './read/pieces.ts';

const tools: Tool[] = [
  {
    name: 'weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['C', 'F'] } },
    },
  },
  { name: 'weather_map', description: 'A map', parameters: { type: 'object' } },
  { name: 'write-file', description: '', parameters: { properties: { text: { type: 'string' } } } },
];

const THINK = { open: '<think>', close: '</think>' };

function dialect(toolFormat: ToolFormat, reasoning: Dialect['reasoning'] = THINK): Dialect {
  return { toolFormat, rendersTools: true, reasoning, thinkingSwitch: false, systemRole: true };
}

function parse(
  parts: readonly string[],
  of: Dialect,
  { startsInReasoning = false, offered = tools }: { startsInReasoning?: boolean; offered?: Tool[] } = {},
): AnswerPiece[] {
  const parser = openAnswerParser(of, { startsInReasoning, tools: offered });
  const joined = new Pieces();
  for (const piece of [...parts.flatMap((part) => parser.push(part)), ...parser.end()]) {
    if (piece.kind === 'tool-call') joined.call(piece.name);
    else joined.add(piece.kind, piece.text);
  }
  return joined.take();
}

const text = (value: string): AnswerPiece => ({ kind: 'text', text: value });
const thought = (value: string): AnswerPiece => ({ kind: 'reasoning', text: value });
const call = (name: string, value: string): AnswerPiece[] => [
  { kind: 'tool-call', name },
  { kind: 'tool-arguments', text: value },
];

describe('a call', () => {
  const paris = '{"city": "Paris"}';
  const written: [ToolFormat, string, AnswerPiece[]][] = [
    [
      'hermes',
      '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>',
      call('weather', paris),
    ],
    [
      'hermes',
      'I look.\n<tool_call>{"name":"weather","arguments":{"city": "Paris"}}</tool_call>\n<tool_call>{"name":"weather_map","arguments":{}}</tool_call>',
      [text('I look.'), ...call('weather', paris), ...call('weather_map', '{}')],
    ],
    [
      'hermes',
      '<tool_call>{"arguments": {"days": 2}, "name": "weather"}</tool_call>',
      call('weather', '{"days":2}'),
    ],
    ['hermes', '<tool_call>{"name": "weather"}</tool_call>', call('weather', '{}')],
    [
      'hermes',
      '<tool_call>{"name": "weather", "arguments": "{\\"days\\": 2}"}</tool_call>',
      call('weather', '{"days": 2}'),
    ],
    [
      'hermes',
      '<tool_call>{"name": "weather", "arguments": {"city": "}</tool_call>"}, "id": 1}',
      call('weather', '{"city": "}</tool_call>"}'),
    ],
    [
      'hermes',
      '<tool_call>{"name": "weather", "arguments": {"days": 2</tool_call> So.',
      [...call('weather', '{"days": 2'), text(' So.')],
    ],
    [
      'hermes',
      '<tool_call><tool_call>{"name":"weather_map","arguments":{}}</tool_call>',
      [text('<tool_call>'), ...call('weather_map', '{}')],
    ],
    ['llama3', '{"name": "weather", "parameters": {"city": "Paris"}}', call('weather', paris)],
    [
      'llama3',
      '<|python_tag|>{"type": "function", "name": "weather", "parameters": {"city": "Paris"}}',
      call('weather', paris),
    ],
    [
      'llama3',
      '{"name": "weather_map", "parameters": {}}; {"name": "weather_map", "parameters": {}}',
      [...call('weather_map', '{}'), ...call('weather_map', '{}')],
    ],
    [
      'json',
      'Well.\n\n {"name": "weather", "arguments": {"city": "Paris"}}\n',
      [text('Well.'), ...call('weather', paris)],
    ],
    [
      'mistral',
      '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Paris"}}, {"name": "weather_map", "arguments": {}, "id": "abc"}]',
      [...call('weather', paris), ...call('weather_map', '{}')],
    ],
    ['mistral', '[TOOL_CALLS] [{"arguments": {}, "name": "weather"}]', call('weather', '{}')],
    [
      'mistral-args',
      '[TOOL_CALLS]weather[ARGS]{"city": "Paris"}[TOOL_CALLS]weather_map[CALL_ID]x1[ARGS]{}',
      [...call('weather', paris), ...call('weather_map', '{}')],
    ],
    ['mistral-args', '[TOOL_CALLS]weather{"city": "Paris"}', call('weather', paris)],
    [
      'qwen-xml',
      '<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>',
      call('weather', '{"city": "Paris", "days": 3}'),
    ],
    [
      'qwen-xml',
      '<function=weather>\n<parameter=unit>C</parameter><parameter=days>\nmany\n</parameter>\n</function>\n</tool_call>\n',
      call('weather', '{"unit": "C", "days": "many"}'),
    ],
    [
      'qwen-xml',
      '<tool_call><function=write-file><parameter=text>\n\n<b>"é"\n</b>\n\n</parameter></function></tool_call>',
      call('write-file', '{"text": "\\n<b>\\"é\\"\\n</b>\\n"}'),
    ],
    ['qwen-xml', '<tool_call>\n<function=weather_map>\n</function>\n</tool_call>', call('weather_map', '{}')],
    [
      'gemma',
      '<|tool_call>call:weather{city:<|"|>Pa"r}is<|"|>,days:3}<tool_call|>',
      call('weather', '{"city":"Pa\\"r}is","days":3}'),
    ],
    [
      'gemma',
      '<|tool_call>call:weather{"city": "Paris", days: [1, {<|"|>a<|"|>:true}], none:None}<tool_call|><|tool_call>call:weather_map{}<tool_call|>',
      [
        ...call('weather', '{"city":"Paris","days":[1,{"a":true}],"none":null}'),
        ...call('weather_map', '{}'),
      ],
    ],
    [
      'function-gemma',
      '<start_function_call>call:weather{city:<escape>Paris<escape>}<end_function_call>',
      call('weather', '{"city":"Paris"}'),
    ],
  ];
  test.each(written)('in %s: %s', (format, answer, pieces) => {
    expect(parse([answer], dialect(format))).toEqual(pieces);
  });

  test.each([
    ['hermes', '<tool_call>{"name": "bomb", "arguments": {}}</tool_call>'],
    ['hermes', '<tool_call>call me</tool_call>'],
    ['hermes', '<tool_call>{"name": "weather", "arguments": [1'],
    ['hermes', 'See <tool_call'],
    ['llama3', '<|python_tag|>print(1)'],
    ['json', '{"name": "Ada", "arguments": {}}'],
    ['json', 'so {"name": "weather", "arguments": {}}'],
    ['json', '{"answer": 42, "name": "weather"}'],
    ['mistral', '[TOOL_CALLS][1, 2]'],
    ['mistral-args', '[TOOL_CALLS]bomb[ARGS]{}'],
    ['qwen-xml', '<tool_call><function=bomb></function></tool_call>'],
    ['gemma', '<|tool_call>call:bomb{}<tool_call|>'],
  ] as [ToolFormat, string][])('that is none stays text, in %s: %s', (format, answer) => {
    expect(parse([answer], dialect(format))).toEqual([text(answer)]);
  });

  test.each([
    ['hermes', '<tool_call>{"name": "weather", "arguments": {"city": "Pa', '{"city": "Pa'],
    ['qwen-xml', '<tool_call><function=weather><parameter=city>Pa\n</par', '{"city": "Pa\\n</par'],
    ['gemma', '<|tool_call>call:weather{city:<|"|>Pa<|', '{"city":"Pa<|'],
    ['mistral', '[TOOL_CALLS][{"name": "weather", "arguments": {"city', '{"city'],
  ] as [ToolFormat, string, string][])(
    'that is cut off is passed on as far as it came, in %s',
    (format, answer, left) => {
      expect(parse([answer], dialect(format))).toEqual(call('weather', left));
    },
  );

  test('passes its arguments on while they come', () => {
    const parser = openAnswerParser(dialect('hermes'), { startsInReasoning: false, tools });
    expect(parser.push('<tool_call>{"name": "weather", "arguments": {"ci')).toEqual(call('weather', '{"ci'));
    expect(parser.push('ty": "P')).toEqual([{ kind: 'tool-arguments', text: 'ty": "P' }]);
    expect(parser.calls).toBe(0);
    expect(parser.push('"}}')).toEqual([{ kind: 'tool-arguments', text: '"}' }]);
    expect(parser.calls).toBe(1);
  });

  test('holds nothing back without need', () => {
    const parser = openAnswerParser(dialect('hermes'), { startsInReasoning: false, tools });
    expect(parser.push('a < b <')).toEqual([text('a < b')]);
    expect(parser.push('t')).toEqual([]);
    expect(parser.push('!')).toEqual([text(' <t!')]);
  });
});

describe('thoughts', () => {
  const of = dialect('hermes');
  test('are kept apart, without their marks and the blanks around', () => {
    const pieces = [thought('So\n it is.'), text('Yes.')];
    expect(parse(['\n<think>\nSo\n it is.\n</think>\n\nYes.'], of)).toEqual(pieces);
    expect(parse(['So\n it is.\n</think>\n\nYes.'], of, { startsInReasoning: true })).toEqual(pieces);
    expect(parse(['<think>\n\n</think>\n\nYes.'], of)).toEqual([text('Yes.')]);
  });

  test('begin only where the answer begins', () => {
    expect(parse(['Write <think> so.'], of)).toEqual([text('Write <think> so.')]);
    expect(parse(['a</think>b'], of)).toEqual([text('a</think>b')]);
  });

  test('that never end are thoughts to the end', () => {
    expect(parse(['<think>on and </thin'], of)).toEqual([thought('on and </thin')]);
  });

  test('hold no calls; those come after', () => {
    const one = '<tool_call>{"name": "weather_map", "arguments": {}}</tool_call>';
    expect(parse([`<think>${one}</think>${one}`], of)).toEqual([thought(one), ...call('weather_map', '{}')]);
  });

  test('leave an answer without marks as it is, blanks and all', () => {
    for (const format of ['hermes', 'json'] as const) {
      const answer = '\n\n  <b> {"a": 1}\n\n';
      expect(parse([answer], dialect(format, null))).toEqual([text(answer)]);
      expect(parse([answer], dialect(format), { offered: [] })).toEqual([text(answer)]);
    }
  });
});

const FORMATS: ToolFormat[] = [
  'hermes',
  'qwen-xml',
  'llama3',
  'mistral',
  'mistral-args',
  'gemma',
  'function-gemma',
  'json',
];
const bits = fc.constantFrom(
  ...[
    '<think>',
    '</think>',
    '<tool_call>',
    '</tool_call>',
    '{"name": "',
    'weather',
    '", "arguments": {',
    '"parameters": {',
  ],
  ...[
    '"city": "',
    '}',
    '{',
    '"',
    '\\',
    '\n',
    ' ',
    '[TOOL_CALLS]',
    '[ARGS]',
    '[',
    ']',
    ',',
    ':',
    ';',
    'call:',
    '<|tool_call>',
  ],
  ...[
    '<|"|>',
    '<escape>',
    '<start_function_call>',
    '<function=',
    '<parameter=',
    '>',
    '</parameter>',
    '</function>',
    '😀',
    'a',
    '1',
  ],
  ...[
    '<|python_tag|>',
    '<tool_call|>',
    '{"name": "weather", "arguments": {"days": 1}}',
    '<function=weather>',
    'call:weather{',
  ],
);

describe('for any text', () => {
  const answers = fc.array(bits, { maxLength: 24 }).map((parts) => parts.join(''));
  const formats = fc.constantFrom(...FORMATS);

  test('the pieces do not depend on how it was cut', () => {
    fc.assert(
      fc.property(
        answers,
        formats,
        fc.boolean(),
        fc.array(fc.nat(9), { maxLength: 40 }),
        (answer, format, startsInReasoning, cuts) => {
          const letters = [...answer];
          const parts: string[] = [];
          for (const cut of cuts) parts.push(letters.splice(0, cut).join(''));
          parts.push(letters.join(''));
          const of = dialect(format);
          expect(parse(parts, of, { startsInReasoning })).toEqual(parse([answer], of, { startsInReasoning }));
        },
      ),
      { numRuns: 4000 },
    );
  });

  test('nothing is lost where there is no call', () => {
    fc.assert(
      fc.property(answers, formats, (answer, format) => {
        const pieces = parse([answer], dialect(format, null));
        if (pieces.some(({ kind }) => kind !== 'text')) return;
        expect(pieces).toEqual(answer === '' ? [] : [text(answer)]);
      }),
      { numRuns: 4000 },
    );
  });

  test('only tools that were offered are called', () => {
    fc.assert(
      fc.property(answers, formats, (answer, format) => {
        for (const piece of parse([answer], dialect(format))) {
          if (piece.kind === 'tool-call') expect(piece.name).toBe('weather');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
