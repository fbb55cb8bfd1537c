import { describe, expect, test } from 'vitest';
import type { ChatPrompt, Tool } from '../serving/completion.ts';
import { checkTools, offeredTools } from './check-tools.ts';

const tool = (name: string, more: Partial<Tool> = {}): Tool => ({
  name,
  description: '',
  parameters: {},
  ...more,
});
const prompt = (tools: Tool[], toolChoice: ChatPrompt['toolChoice'] = { kind: 'auto' }): ChatPrompt => ({
  ...{ kind: 'chat', messages: [], tools, toolChoice },
});

describe('tools', () => {
  test.each([
    ['count', prompt(Array.from({ length: 129 }, (_, i) => tool(`t${i}`)))],
    ['name', prompt([tool('get weather')])],
    ['name', prompt([tool('')])],
    ['name', prompt([tool('x'.repeat(65))])],
    ['twice', prompt([tool('a'), tool('a')])],
    ['schema', prompt([tool('a', { parameters: { type: 'string' } })])],
    ['size', prompt([tool('a', { parameters: { description: 'x'.repeat(70_000) } })])],
    ['size', prompt(Array.from({ length: 9 }, (_, i) => tool(`t${i}`, { description: 'x'.repeat(30_000) })))],
    ['choice', prompt([], { kind: 'required' })],
    ['choice', prompt([tool('a')], { kind: 'named', name: 'b' })],
  ])('are refused for their %s', (what, asked) => {
    expect(() => checkTools(asked)).toThrow(
      expect.objectContaining({ details: { code: 'DIALECT_TOOLS_INVALID', what } }),
    );
  });

  test('of the right form pass; none are offered when none may be called', () => {
    const asked = prompt([tool('a'), tool('b-2_C', { parameters: { type: 'object' } })]);
    checkTools(asked);
    expect(offeredTools(asked)).toHaveLength(2);
    expect(offeredTools({ ...asked, toolChoice: { kind: 'none' } })).toEqual([]);
    checkTools({ kind: 'chat', messages: [] });
  });
});
