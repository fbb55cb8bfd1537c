/** What is filled in to begin a run, and what is wrong with it. */
import type { PanelRunOrder } from '@filon/core/panel/training';

/** Stands for a recipe that is named by its path. */
export const OWN_RECIPE = '';

export interface StartFields {
  /** A name, or {@link OWN_RECIPE}. */
  recipe: string;
  path: string;
  data: string;
  licence: string;
  steps: string;
}

export const EMPTY_FIELDS: StartFields = {
  recipe: OWN_RECIPE,
  path: '',
  data: '',
  licence: 'unknown',
  steps: '',
};

export type StartFault = 'path' | 'data' | 'steps';

/** Of unix and of Windows. */
const WHOLE_PATH = /^(\/|[A-Za-z]:[\\/])/;
const SOURCE = /^(file:\/|file:[A-Za-z]:|hf:.|https:\/\/)/;

export function startFaults({ recipe, path, data, steps }: StartFields): StartFault[] {
  const isOwn = recipe === OWN_RECIPE;
  return [
    ...(isOwn && !WHOLE_PATH.test(path.trim()) ? ['path' as const] : []),
    ...(data.trim() !== '' && !SOURCE.test(data.trim()) ? ['data' as const] : []),
    ...(steps.trim() !== '' && !/^[1-9]\d{0,6}$/.test(steps.trim()) ? ['steps' as const] : []),
  ];
}

/** Of fields without a fault. */
export function startOrder({ recipe, path, data, licence, steps }: StartFields): PanelRunOrder {
  const source = data.trim();
  return {
    recipe: recipe === OWN_RECIPE ? path.trim() : recipe,
    data: source === '' ? null : { source, licence: licence.trim() || 'unknown' },
    steps: steps.trim() === '' ? null : Number(steps.trim()),
  };
}
