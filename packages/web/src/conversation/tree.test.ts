import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer, question, trees } from './messages.fixture.ts';
import { choose, lineTo, pathOf } from './tree.ts';

const ids = (path: ReturnType<typeof pathOf>): string[] => path.map(({ message }) => message.id);

describe('a path', () => {
  test('shows the newest branch, and the one that was chosen', () => {
    const messages = [
      question('q'),
      answer('a1', 'q', { createdMs: 2 }),
      answer('a2', 'q', { createdMs: 3 }),
      question('r', { parent: 'a1', createdMs: 4 }),
    ];
    expect(ids(pathOf(messages, {}))).toEqual(['q', 'a2']);
    expect(ids(pathOf(messages, { q: 'a1' }))).toEqual(['q', 'a1', 'r']);
    expect(pathOf(messages, {})[1]?.siblings).toEqual(['a1', 'a2']);
  });

  test('has branches of first messages too', () => {
    const messages = [question('q', { createdMs: 1 }), question('p', { createdMs: 2 })];
    expect(ids(pathOf(messages, choose({}, { id: 'q', parent: null })))).toEqual(['q']);
  });

  test('goes from parent to child to a leaf, whatever the tree and the choices', () => {
    fc.assert(
      fc.property(trees, fc.dictionary(fc.string(), fc.string()), (messages, chosen) => {
        const path = ids(pathOf(messages, chosen));
        const byId = new Map(messages.map((message) => [message.id, message]));
        for (const [index, id] of path.entries()) expect(byId.get(id)?.parent).toBe(path[index - 1] ?? null);
        expect(messages.some(({ parent }) => parent === (path.at(-1) ?? null))).toBe(false);
      }),
    );
  });

  test('is shown by choosing every message of a line, whichever it is', () => {
    fc.assert(
      fc.property(trees, fc.nat(), (messages, draw) => {
        const wanted = messages[draw % Math.max(1, messages.length)];
        if (wanted === undefined) return;
        const line = lineTo(new Map(messages.map((message) => [message.id, message])), wanted.id);
        const chosen = line.reduce<Record<string, string>>(choose, {});
        expect(ids(pathOf(messages, chosen))).toContain(wanted.id);
      }),
    );
  });

  test('ends where a tree goes in circles', () => {
    const messages = [question('a'), answer('b', 'a'), { ...answer('a', 'b') }];
    expect(ids(pathOf(messages, {}))).toEqual(['a', 'b']);
    expect(lineTo(new Map([['x', answer('x', 'x')]]), 'x')).toHaveLength(1);
  });
});
