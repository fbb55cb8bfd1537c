/** What the Training page asks of its node: docs/protocol/panel.md */
import type {
  PanelRecipe,
  PanelRun,
  PanelRunDetail,
  PanelRunOrder,
  PanelRuns,
} from '@filon/core/panel/training';
import { change, invalid, ROOT } from '../panel/panel-api.ts';
import type { Follow } from '../panel/use-followed.ts';
import { call, eventsOf, readJson, type Waiting } from '../wire/node-api.ts';

/** All of these: WEB_UNREACHABLE, WEB_STREAM_INVALID, WEB_REFUSED. */
export async function readRecipes({ signal }: Waiting): Promise<PanelRecipe[]> {
  const recipes = await readJson(`${ROOT}/recipes`, { signal });
  if (Array.isArray(recipes)) return recipes;
  throw invalid('recipes');
}

export const followRuns: Follow<PanelRuns> = (onRuns, { signal }) =>
  follow('/runs', ['runs', 'total'], { signal, onValue: (value) => onRuns(value as PanelRuns) });

export function followRun(id: string): Follow<PanelRunDetail> {
  const members = ['id', 'plan', 'curves', 'checkpoints', 'lineage'];
  return (onRun, { signal }) =>
    follow(runPath(id), members, { signal, onValue: (value) => onRun(value as PanelRunDetail) });
}

/** Prepares and measures; nothing is trained before {@link resumeRun}. */
export async function quoteRun(order: PanelRunOrder): Promise<PanelRun> {
  const run: unknown = await (await change('POST', '/runs', order)).json();
  if (hasMembers(run, ['id'])) return run as PanelRun;
  throw invalid('runs');
}

/** When this resolves, its checkpoint is written. */
export async function stopRun(id: string): Promise<void> {
  await change('POST', `${runPath(id)}/stop`);
}

/** Says yes to a quote, or goes on from the last checkpoint. */
export async function resumeRun(id: string): Promise<void> {
  await change('POST', `${runPath(id)}/resume`);
}

function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

async function follow(
  path: string,
  members: readonly string[],
  { signal, onValue }: Waiting & { onValue: (value: object) => void },
): Promise<void> {
  for await (const event of eventsOf(await call(ROOT + path, { signal }))) {
    if (!hasMembers(event, members)) throw invalid(path);
    onValue(event);
  }
}

function hasMembers(value: unknown, members: readonly string[]): value is object {
  return typeof value === 'object' && value !== null && members.every((name) => name in value);
}
