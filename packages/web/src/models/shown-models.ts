/** Which models the page shows, and in which order. */
import type { PanelModel } from '@filon/core/panel/messages';

export const FILTERS = ['all', 'here', 'away', 'fits'] as const;
export type Filter = (typeof FILTERS)[number];

export interface Wish {
  query: string;
  filter: Filter;
}

export interface ShownModels {
  here: PanelModel[];
  away: PanelModel[];
}

/** `busy`: models with work under way, which no filter hides. Those to download: what fits first, then the small. */
export function shownModels(
  models: readonly PanelModel[],
  wish: Wish,
  busy: ReadonlySet<string> = new Set(),
): ShownModels {
  const words = plain(wish.query).split(/\s+/).filter(Boolean);
  const shown = models.filter(
    (model) => busy.has(model.name) || (passes(model, wish.filter) && matches(model, words)),
  );
  return {
    here: shown.filter(({ stored }) => stored),
    away: shown
      .filter(({ stored }) => !stored)
      .sort((a, b) => Number(b.fit.fits) - Number(a.fit.fits) || a.bytes - b.bytes),
  };
}

function passes(model: PanelModel, filter: Filter): boolean {
  if (filter === 'here') return model.stored;
  if (filter === 'away') return !model.stored;
  return filter === 'all' || model.fit.fits;
}

function matches(model: PanelModel, words: readonly string[]): boolean {
  const text = plain(`${model.name} ${model.title} ${model.architecture} ${model.licence ?? ''}`);
  return words.every((word) => text.includes(word));
}

/** Lower case, and without the marks of letters: people leave them out when they search. */
function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase();
}
