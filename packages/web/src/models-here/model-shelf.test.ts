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

function openShelf(
  list: () => unknown,
  offers: () => unknown = () => null,
): { shelf: ModelShelf; again: () => ModelShelf } {
  const kept = new Map<string, string>();
  const deps = {
    readJson: async (path: string) => (path === '/v1/models' ? list() : offers()),
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
      {
        ...{ name: 'ore-1b', contextTokens: 2048, quantization: 'Q4_1', licence: null, bytes: 5 },
        ...{ isLoaded: true, isStored: true, offers: [] },
      },
      {
        ...{ name: 'tin-2b', contextTokens: null, quantization: null, licence: null, bytes: null },
        ...{ isLoaded: null, isStored: true, offers: [] },
      },
    ]);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(modelsIn(value))).toBe(true);
      }),
    );
  });

  test('have those of others beside them, and begin with one that may be asked', async () => {
    const trusted = {
      tier: 'trusted',
      nodes: 2,
      tokensPerSecond: 90,
      priceMax: { promptPico: 5, answerPico: 7 },
    };
    const offers = {
      ...{ swarm: 'veta', tierMax: 'open' },
      models: [
        { name: 'zinc-9b', contextTokens: 4096, tiers: [trusted] },
        { name: 'ore-1b', contextTokens: 2048, tiers: [{ ...trusted, tier: 'open', priceMax: null }] },
      ],
    };
    let list: unknown = LIST;
    const { shelf } = openShelf(
      () => list,
      () => offers,
    );
    await shelf.refresh();
    const state = shelf.state.get();
    expect(state).toMatchObject({ kind: 'here', swarm: 'veta', tierMax: 'open' });
    expect(state.kind === 'here' ? state.models.map(({ name, isStored }) => [name, isStored]) : []).toEqual([
      ['ore-1b', true],
      ['tin-2b', true],
      ['zinc-9b', false],
    ]);
    list = { data: [{ id: 'lead-3b', filon: { elsewhere: 'trusted' } }] };
    await shelf.refresh();
    expect([shelf.first('own'), shelf.first('trusted')]).toEqual([null, 'lead-3b']);
    list = { data: [] };
    await shelf.refresh();
    expect([shelf.first('own'), shelf.first('trusted'), shelf.first('open')]).toEqual([
      null,
      'zinc-9b',
      'zinc-9b',
    ]);
  });

  test('are those of the node where it says nothing of others', async () => {
    const { shelf } = openShelf(
      () => LIST,
      () => {
        throw new RangeError('no such route');
      },
    );
    await shelf.refresh();
    expect(shelf.state.get()).toMatchObject({ kind: 'here', swarm: null, tierMax: 'own' });
    expect(shelf.first('open')).toBe('ore-1b');
  });

  test('begin with the one used last, while it is there', async () => {
    let list: unknown = LIST;
    const { shelf, again } = openShelf(() => list);
    await shelf.refresh();
    expect(shelf.first('own')).toBe('ore-1b');
    shelf.used('tin-2b');
    expect(shelf.first('own')).toBe('tin-2b');
    list = { data: [{ id: 'ore-1b' }] };
    const next = again();
    await next.refresh();
    expect(next.first('own')).toBe('ore-1b');
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
