/** What the node's Training page asks. */
import { z } from 'zod';
import { runOrderFields } from '../panel/run-order.ts';
import { EVENTS, JSON_TYPE, json, type Operation, type Parameter } from './operation.ts';
import { panelRecipes, panelRun, panelRunDetail, panelRuns } from './run-answers.ts';

const panel = { api: 'panel', audience: 'operator' } as const;
const run: Parameter = {
  ...{ name: 'run', in: 'path', schema: z.string(), about: 'The name of a run.', example: 'tiny-scratch-1' },
};
/** A body is read, and means nothing. */
const empty = { type: JSON_TYPE, schema: z.looseObject({}), examples: { empty: {} } } as const;

export const RUN_OPERATIONS: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/filon/v1/recipes', id: 'listRecipes', ...panel },
    summary: 'List the recipes that come with the node.',
    answers: { 200: json(panelRecipes, 'The recipes.') },
  },
  {
    ...{ method: 'get', path: '/filon/v1/runs', id: 'followRuns', ...panel },
    summary: 'Follow the runs.',
    answers: { 200: { about: 'The runs, now and at every change.', content: { [EVENTS]: panelRuns } } },
  },
  {
    ...{ method: 'get', path: '/filon/v1/runs/{run}', id: 'followRun', ...panel, parameters: [run] },
    summary: 'Follow one run, with its curves.',
    answers: { 200: { about: 'The run, now and at every change.', content: { [EVENTS]: panelRunDetail } } },
  },
  {
    ...{ method: 'post', path: '/filon/v1/runs', id: 'quoteRun', ...panel },
    summary: 'Prepare a run and measure what it takes. It trains when it is resumed.',
    body: {
      type: JSON_TYPE,
      schema: runOrderFields,
      examples: { scratch: { recipe: 'tiny-scratch', data: null, steps: null } },
    },
    answers: { 200: json(panelRun, 'The run.') },
  },
  {
    ...{ method: 'post', path: '/filon/v1/runs/{run}/stop', id: 'stopRun', ...panel },
    summary: 'Stop a run after the step in work, with a checkpoint.',
    ...{ parameters: [run], body: empty },
    answers: { 200: json(panelRun, 'The run.') },
  },
  {
    ...{ method: 'post', path: '/filon/v1/runs/{run}/resume', id: 'resumeRun', ...panel },
    summary: 'Say yes to the quote of a run, or have it go on.',
    ...{ parameters: [run], body: empty },
    answers: { 200: json(panelRun, 'The run.') },
  },
];
