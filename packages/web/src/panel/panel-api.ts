/** The node's control API, for the operator's browser: docs/protocol/panel.md */
import { FilonError } from '@filon/core/errors';
import type { PanelJob, PanelJobs, PanelModel, PanelSession, PanelStatus } from '@filon/core/panel/messages';
import type { PanelNetwork } from '@filon/core/panel/network';
import type { WireErrorDetails } from '../wire/errors.ts';
import { call, eventsOf, readJson, type Waiting } from '../wire/node-api.ts';

export const ROOT = '/filon/v1';

/** All of these: WEB_UNREACHABLE, WEB_STREAM_INVALID, WEB_REFUSED. */
export async function readSession({ signal }: Waiting): Promise<PanelSession> {
  return (await readMembers('/session', ['control'], { signal })) as unknown as PanelSession;
}

export async function readModels({ signal }: Waiting): Promise<PanelModel[]> {
  const models = await readJson(`${ROOT}/models`, { signal });
  if (Array.isArray(models)) return models;
  throw invalid('models');
}

export async function readStatus({ signal }: Waiting): Promise<PanelStatus> {
  const members = ['devices', 'sessions', 'answers', 'counters', 'faults'];
  return (await readMembers('/status', members, { signal })) as unknown as PanelStatus;
}

export async function readNetwork({ signal }: Waiting): Promise<PanelNetwork> {
  const members = ['swarm', 'self', 'peers', 'totals', 'ways'];
  return (await readMembers('/network', members, { signal })) as unknown as PanelNetwork;
}

/** Calls `onJobs` at once and at every change, until the node or the signal ends it. */
export async function followJobs(
  onJobs: (jobs: readonly PanelJob[]) => void,
  { signal }: Waiting,
): Promise<void> {
  const events = eventsOf(await call(`${ROOT}/jobs`, { signal }));
  for await (const event of events) {
    if (!hasJobs(event)) throw invalid('jobs');
    onJobs(event.jobs);
  }
}

/** `model`: a name of the catalogue, or a source. */
export async function startPull(model: string): Promise<void> {
  await change('POST', '/pulls', { model });
}

export async function cancelJob(id: string): Promise<void> {
  await change('DELETE', `/jobs/${encodeURIComponent(id)}`);
}

/** Also when it was over already. */
export async function stopAnswer(number: number): Promise<void> {
  await change('DELETE', `/answers/${number}`);
}

export async function loadModel(name: string): Promise<void> {
  await change('POST', `${modelPath(name)}/load`);
}

export async function unloadModel(name: string): Promise<void> {
  await change('POST', `${modelPath(name)}/unload`);
}

export async function removeModel(name: string): Promise<void> {
  await change('DELETE', modelPath(name));
}

function modelPath(name: string): string {
  return `/models/${encodeURIComponent(name)}`;
}

/** JSON even where there is nothing to say: no form of another site can send that. */
export function change(method: 'POST' | 'DELETE', path: string, body: object = {}): Promise<Response> {
  return call(ROOT + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
  });
}

async function readMembers(path: string, members: readonly string[], options: Waiting): Promise<object> {
  const value = await readJson(ROOT + path, options);
  if (typeof value === 'object' && value !== null && members.every((name) => name in value)) return value;
  throw invalid(path);
}

function hasJobs(event: unknown): event is PanelJobs {
  return typeof event === 'object' && event !== null && 'jobs' in event && Array.isArray(event.jobs);
}

export function invalid(what: string): FilonError<WireErrorDetails> {
  return new FilonError(
    { code: 'WEB_STREAM_INVALID' },
    `the node's ${what} are not in the form that this page knows`,
  );
}
