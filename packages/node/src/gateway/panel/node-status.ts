/** The node's state as the page shows it. */
import type { PanelDevice, PanelFault, PanelStatus } from '@filon/core/panel/messages';
import type { Device } from '@filon/core/serving/session';
import type { EngineStatus } from '../../ports/engine.ts';
import type { RunningAnswers } from '../../serve/durable/durable-answers.ts';
import type { Serving } from '../../serve/serving.ts';
import type { PanelNode } from './panel-node.ts';

export interface StatusParts {
  node: PanelNode;
  serving: Serving;
  answers: Pick<RunningAnswers, 'running'> | null;
  faults: readonly PanelFault[];
}

export async function nodeStatus(
  { node, serving, answers, faults }: StatusParts,
  { startedMs, signal }: { startedMs: number; signal: AbortSignal },
): Promise<PanelStatus> {
  const [readiness, devices, stored] = await Promise.all([
    serving.readiness(),
    node.engine.devices({ signal }),
    node.models.list(),
  ]);
  const stats = serving.stats();
  const engine = node.engine.status();
  const nameOf = (sha256: string): string =>
    stored.find((model) => model.sha256 === sha256)?.name ?? sha256.slice(0, 12);
  return {
    ...node.about,
    uptimeSeconds: Math.round((node.clock.monotonicMs() - startedMs) / 1000),
    ...readiness,
    residentBytes: node.residentBytes(),
    devices: devices.map((device) => deviceState(device, engine)),
    sessions: engine.sessions.map(({ model, count }) => ({ model: nameOf(model), count })),
    answers: (answers?.running() ?? []).map(({ createdMs: startedMs, ...one }) => ({ ...one, startedMs })),
    active: stats.active,
    queued: stats.queued,
    queueMax: stats.queueMax,
    counters: {
      generatedTokens: stats.generatedTokens,
      promptTokens: stats.promptTokens,
      cachedTokens: stats.cachedTokens,
      answered: stats.admitted,
      refused: stats.refused,
      resumed: stats.resumed,
      workerDeaths: stats.workerDeaths,
    },
    faults: [...faults],
  };
}

function deviceState(
  { id, name, backend, memoryBytes, freeBytes }: Device,
  engine: EngineStatus,
): PanelDevice {
  const worker = engine.workers.find(({ device }) => device === id);
  const deaths = worker?.deaths ?? 0;
  // Devices were asked at the start of the node; since then at least the weights have come.
  const held = engine.loaded.reduce((sum, { device, bytes }) => sum + (device === id ? bytes : 0), 0);
  const free = Math.min(freeBytes, Math.max(0, memoryBytes - held));
  return { id, name, backend, memoryBytes, freeBytes: free, worker: worker?.state ?? 'none', deaths };
}
