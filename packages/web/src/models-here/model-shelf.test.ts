import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modelsIn } from './model-list.ts';
import { ModelShelf } from './model-shelf.ts';

const LIST = {
  data: [
    {
      id: 'ore-1b',
      context_length: 2048,
      quantization: 'Q4_1',
      license: null,
      filon: { bytes: 5, loaded: true },
    },
    { id: 'tin-2b' },
  ],
};

function openShelf(list: () => unknown): { shelf: ModelShelf; again: () => ModelShelf } {
  const kept = new Map<string, string>();
  const deps = {
    readJson: async () => list(),
    kept: {
      get: (key: string) => kept.get(key) ?? null,
      set: (key: string, value: string) => void kept.set(key, value),
    },
  };
  return { shelf: new ModelShelf(deps), again: () => new ModelShelf(deps) };
}

describe('the models here', () => {
  test('are read with what the node says, and nothing is made up', () => {
    expect(modelsIn(LIST)).toEqual([
      { name: 'ore-1b', contextTokens: 2048, quantization: 'Q4_1', licence: null, bytes: 5, isLoaded: true },
      { name: 'tin-2b', contextTokens: null, quantization: null, licence: null, bytes: null, isLoaded: null },
    ]);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(modelsIn(value))).toBe(true);
      }),
    );
  });

  test('begin with the one used last, while it is there', async () => {
    let list: unknown = LIST;
    const { shelf, again } = openShelf(() => list);
    await shelf.refresh();
    expect(shelf.first()).toBe('ore-1b');
    shelf.used('tin-2b');
    expect(shelf.first()).toBe('tin-2b');
    list = { data: [{ id: 'ore-1b' }] };
    const next = again();
    await next.refresh();
    expect(next.first()).toBe('ore-1b');
  });

  test('have a speed that follows the answers, and outlives the page', () => {
    const { shelf, again } = openShelf(() => LIST);
    shelf.measured('ore-1b', 10);
    shelf.measured('ore-1b', 20);
    expect(again().speeds.get()).toEqual({ 'ore-1b': 13 });
  });

  test('say why they are not known', async () => {
    const { shelf } = openShelf(() => {
      throw new RangeError('away');
    });
    await shelf.refresh();
    expect(shelf.state.get()).toEqual({ kind: 'failed', reason: 'away' });
  });
});
