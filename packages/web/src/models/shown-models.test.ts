import type { PanelModel } from '@filon/core/panel/messages';
import { expect, test } from 'vitest';
import { shownModels, type Wish } from './shown-models.ts';

function model(name: string, more: Partial<PanelModel> = {}): PanelModel {
  return {
    ...{ name, title: name.toUpperCase(), licence: 'MIT', architecture: 'llama', contextTokens: 2048 },
    ...{ bytes: 100, stored: false, loaded: null, fit: { fits: true }, untried: false },
    ...more,
  };
}

const NO_FIT = { fits: false, lacks: 'memory', neededBytes: 2, haveBytes: 1 } as const;
const models: PanelModel[] = [
  model('here', { stored: true, fit: NO_FIT }),
  model('large', { bytes: 900, title: 'Ñandú Grande' }),
  model('huge', { bytes: 50, fit: NO_FIT, architecture: 'qwen3' }),
  model('small', { bytes: 10, licence: null }),
];

function names(wish: Partial<Wish>, busy: string[] = []): { here: string[]; away: string[] } {
  const shown = shownModels(models, { query: '', filter: 'all', ...wish }, new Set(busy));
  return { here: shown.here.map(({ name }) => name), away: shown.away.map(({ name }) => name) };
}

test('what fits comes first, then what is small', () => {
  expect(names({})).toEqual({ here: ['here'], away: ['small', 'large', 'huge'] });
});

test.each([
  ['here', { here: ['here'], away: [] }],
  ['away', { here: [], away: ['small', 'large', 'huge'] }],
  ['fits', { here: [], away: ['small', 'large'] }],
] as const)('the filter "%s"', (filter, expected) => {
  expect(names({ filter })).toEqual(expected);
});

test.each([
  ['  GRANDE nandu ', ['large']],
  ['qwen', ['huge']],
  ['mit', ['large', 'huge']],
  ['nothing such', []],
  ['.*', []],
])('a search for "%s"', (query, away) => {
  expect(names({ query, filter: 'away' }).away).toEqual(away);
});

test('nothing hides a model that is being worked on', () => {
  expect(names({ query: 'nothing such', filter: 'here' }, ['huge'])).toEqual({ here: [], away: ['huge'] });
});
