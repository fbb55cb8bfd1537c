/**
 * How a family of models writes calls of tools and thoughts, told from its chat template. The template is the only
 * thing that every model file carries and that says it.
 */

import type { Dialect, ReasoningMarks, ToolFormat } from '../serving/dialect.ts';

export type { Dialect, ReasoningMarks, ToolFormat } from '../serving/dialect.ts';

interface Sign {
  format: Exclude<ToolFormat, 'json'>;
  all: readonly string[];
  none?: readonly string[];
}

/** In order: the first whose signs are all there. */
const SIGNS: readonly Sign[] = [
  { format: 'qwen-xml', all: ['<tool_call>', '<function=', '<parameter='] },
  { format: 'mistral-args', all: ['[TOOL_CALLS]', '[ARGS]'] },
  { format: 'mistral', all: ['[TOOL_CALLS]'] },
  { format: 'gemma', all: ['<|tool_call>call:'] },
  { format: 'function-gemma', all: ['<start_function_call>'] },
  {
    format: 'hermes',
    all: ['<tool_call>', '</tool_call>', 'arguments'],
    none: [
      '<arg_key>',
      '<arg_name>',
      '<tool_calls>',
      ':tool_call>',
      '<param name=',
      '<function name=',
      '<invoke name=',
    ],
  },
  { format: 'llama3', all: ['"parameters": ', 'ipython'], none: ['<function='] },
];

/** The sign by which a template is known to use the marks, and the marks. */
const REASONING: readonly [sign: string, marks: ReasoningMarks][] = [
  ['[/THINK]', { open: '[THINK]', close: '[/THINK]' }],
  [
    '<|channel|>analysis',
    {
      open: '<|channel|>analysis<|message|>',
      close: '<|end|><|start|>assistant<|channel|>final<|message|>',
    },
  ],
  ['<|channel>thought', { open: '<|channel>thought', close: '<channel|>' }],
  ['</seed:think>', { open: '<seed:think>', close: '</seed:think>' }],
  ['</think>', { open: '<think>', close: '</think>' }],
];

const SWITCH = /\benable_thinking\b|\b(?:if|elif|and|or|not)\s+thinking\b/;
const NO_SYSTEM_ROLE = /raise_exception\(\s*["'][^"']*system role not supported/i;

export function dialectOf(template: string): Dialect {
  const sign = /\btools\b/.test(template) ? SIGNS.find((each) => matches(each, template)) : undefined;
  return {
    toolFormat: sign?.format ?? 'json',
    rendersTools: sign !== undefined,
    reasoning: REASONING.find(([each]) => template.includes(each))?.[1] ?? null,
    thinkingSwitch: SWITCH.test(template),
    systemRole: !NO_SYSTEM_ROLE.test(template),
  };
}

function matches({ all, none = [] }: Sign, template: string): boolean {
  return all.every((each) => template.includes(each)) && !none.some((each) => template.includes(each));
}

/** The strings around calls: those before, after, and inside of one. */
export interface CallMarks {
  open: readonly string[];
  /** Left out after a call. */
  close: readonly string[];
  inside: readonly string[];
}

const CALL_MARKS: Readonly<Record<ToolFormat, CallMarks>> = {
  hermes: { open: ['<tool_call>'], close: ['</tool_call>'], inside: [] },
  'qwen-xml': { open: ['<tool_call>', '<function='], close: ['</tool_call>'], inside: [] },
  llama3: { open: ['<|python_tag|>'], close: [], inside: [] },
  mistral: { open: ['[TOOL_CALLS]'], close: [], inside: ['[CALL_ID]', '[ARGS]'] },
  'mistral-args': { open: ['[TOOL_CALLS]'], close: [], inside: ['[CALL_ID]', '[ARGS]'] },
  gemma: { open: ['<|tool_call>'], close: ['<tool_call|>'], inside: ['<|"|>'] },
  'function-gemma': {
    open: ['<start_function_call>'],
    close: ['<end_function_call>'],
    inside: ['<escape>'],
  },
  json: { open: [], close: [], inside: [] },
};

export function callMarksOf(format: ToolFormat): CallMarks {
  return CALL_MARKS[format];
}

/** Every string that an engine must show although its tokens may be control tokens, which show as nothing. */
export function marksOf({ toolFormat, reasoning }: Dialect): string[] {
  const { open, close, inside } = CALL_MARKS[toolFormat];
  const thoughts = reasoning === null ? [] : [reasoning.open, reasoning.close];
  return [...open, ...close, ...inside, ...thoughts].filter((mark) => mark.length > 1);
}
