/** Pulling and loading with their progress shown; the same for every command that does it. */

import { isFilonError } from '@filon/core/errors';
import { isSource, nameFromSource, parseSource } from '@filon/core/model/source';
import { formatBytes } from '@filon/core/units';
import type { CallProgress, Control, ModelControl, PullInput, RunningModel } from '../control/calls.ts';
import type { PullProgress, StoredModel } from '../ports/models.ts';
import type { RemoteModel } from '../ports/replicas.ts';
import type { Cli } from './context.ts';
import type { ProgressStep } from './progress-line.ts';
import { waitFor } from './wait-for.ts';

/** With the node of this home, or without one when none runs. */
export async function withModels<R>(
  cli: Cli,
  purpose: string,
  work: (calls: ModelControl) => Promise<R>,
): Promise<R> {
  try {
    await cli.control.status({}, { signal: cli.signal });
  } catch (error) {
    if (!isFilonError(error, 'CONTROL_NO_NODE')) throw error;
    const settings = cli.config().values;
    await using calls = await cli.surroundings.makers.openModelCalls({ paths: cli.paths, settings, purpose });
    return await work(calls);
  }
  return work(cli.control);
}

export async function pullShown(
  cli: Cli,
  calls: Pick<Control, 'pull'>,
  input: PullInput,
): Promise<StoredModel> {
  const line = cli.out.progress();
  const onProgress = (progress: CallProgress): void => {
    if (progress.kind === 'pull') line.update(pullStep(input.name, progress.pull));
  };
  try {
    return await calls.pull(input, { signal: cli.signal, onProgress });
  } finally {
    line.end();
  }
}

export async function loadShown(cli: Cli, calls: Pick<Control, 'load'>, name: string): Promise<RunningModel> {
  const line = cli.out.progress();
  const onProgress = (progress: CallProgress): void => {
    if (progress.kind !== 'share') return;
    line.update({ label: `loading ${shortName(name)}`, done: progress.share, total: 1, unit: 'share' });
  };
  try {
    return await calls.load({ name }, { signal: cli.signal, onProgress });
  } finally {
    line.end();
  }
}

/** Sees to it that a model is on the disk and in memory. */
export async function readyModel(
  cli: Cli,
  calls: Pick<Control, 'show' | 'pull' | 'load'>,
  name: string,
): Promise<RunningModel> {
  const stored = await storedModel(cli, calls, name);
  if (stored === null) {
    cli.out.say(`Fetching ${name} (once) ...`);
    const pulled = await pullShown(cli, calls, { name });
    cli.out.say(`${pulled.name} is here: ${formatBytes(pulled.bytes)}, checked.`);
  }
  return loadShown(cli, calls, stored?.name ?? name);
}

/** The default model; where it is not here, and others have models ready, the first of those. */
export async function usualModel(cli: Cli, defaultModel: string): Promise<string> {
  const { stored, elsewhere } = await cli.control.models({}, { signal: cli.signal });
  const isHere = stored.some(({ name, source }) => name === defaultModel || source === defaultModel);
  if (isHere || elsewhere.some(({ name }) => name === defaultModel)) return defaultModel;
  return elsewhere[0]?.name ?? defaultModel;
}

const ELSEWHERE_WAIT_MS = 6000;

/** Whether it is in a swarm, and the model is not here. */
export async function leansOnSwarm(
  cli: Cli,
  calls: Pick<Control, 'show' | 'swarm'>,
  name: string,
): Promise<boolean> {
  if ((await calls.swarm({}, { signal: cli.signal })) === null) return false;
  return (await storedModel(cli, calls, name)) === null;
}

/** The model as others have it, or else the first that they have; null: nobody is known that has any. */
export async function remoteModel(
  cli: Cli,
  calls: Pick<Control, 'models'>,
  name: string,
): Promise<RemoteModel | null> {
  const { signal } = cli;
  const { clock } = cli.surroundings;
  // What others have comes a moment after the node has met them.
  const look = async (): Promise<RemoteModel[] | null> => {
    const { elsewhere } = await calls.models({}, { signal });
    return elsewhere.length === 0 ? null : [...elsewhere];
  };
  const waiting = { clock, signal, timeoutMs: ELSEWHERE_WAIT_MS, what: 'No model was heard of' };
  const found = await waitFor(look, waiting).catch((error: unknown) => {
    if (isFilonError(error, 'CLI_TIMEOUT')) return [];
    throw error;
  });
  return found.find((one) => one.name === name) ?? found[0] ?? null;
}

/** By name or source; null when it is not on the disk. */
export async function storedModel(
  cli: Cli,
  calls: Pick<Control, 'show'>,
  name: string,
): Promise<StoredModel | null> {
  try {
    return (await calls.show({ name }, { signal: cli.signal })).stored;
  } catch (error) {
    // A source that was never pulled has no name yet.
    if (isFilonError(error, 'CONTROL_MODEL_UNKNOWN')) return null;
    throw error;
  }
}

function pullStep(name: string, progress: PullProgress): ProgressStep {
  const short = shortName(name);
  const phase = `${short}: ${progress.phase}`;
  const { totalBytes } = progress;
  const label = progress.phase === 'downloading' ? short : phase;
  const title = label === short && totalBytes !== null ? `${phase} ${formatBytes(totalBytes)}` : phase;
  return { label, title, done: progress.doneBytes, total: totalBytes, unit: 'bytes' };
}

/** The file of a source; a name as it is. */
function shortName(name: string): string {
  return isSource(name) ? nameFromSource(parseSource(name)) : name;
}
