/** Models as the page shows them: what is here, then what could be. */
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import { fitOf, type Place } from '@filon/core/model/fit';
import type { PanelModel } from '@filon/core/panel/messages';
import type { EngineStatus } from '../../ports/engine.ts';
import type { StoredModel } from '../../ports/models.ts';
import type { PanelNode } from './panel-node.ts';

/** Of a file that no catalogue knows: what its weights take, and as much again for context at most. */
const MEMORY_FACTOR = 1.5;

export async function modelCards(node: PanelNode, signal: AbortSignal): Promise<PanelModel[]> {
  const [stored, place] = await Promise.all([node.models.list(), placeOf(node, signal)]);
  const catalogue = new Map(node.models.catalogue().map((entry) => [entry.name, entry]));
  const status = node.engine.status();
  const here = stored.map((model) => storedCard(model, catalogue.get(model.name), { status, place }));
  const names = new Set(stored.map(({ name }) => name));
  const rest = [...catalogue.values()].filter(({ name }) => !names.has(name));
  return [...here, ...rest.map((entry) => catalogueCard(entry, place))];
}

export async function placeOf(node: PanelNode, signal: AbortSignal): Promise<Place> {
  const [devices, diskFreeBytes] = await Promise.all([node.engine.devices({ signal }), node.diskFreeBytes()]);
  return { memoryBytes: Math.max(0, ...devices.map(({ memoryBytes }) => memoryBytes)), diskFreeBytes };
}

function storedCard(
  model: StoredModel,
  entry: CatalogueEntry | undefined,
  { status, place }: { status: EngineStatus; place: Place },
): PanelModel {
  const loaded = status.loaded.find((one) => one.model === model.sha256);
  const sessions = status.sessions.find((one) => one.model === model.sha256)?.count ?? 0;
  const weightBytes = model.bytes + (model.lora?.baseBytes ?? 0);
  const memoryBytes = entry?.memoryBytes ?? weightBytes * MEMORY_FACTOR;
  return {
    name: model.name,
    title: entry?.title ?? model.name,
    licence: model.licence ?? entry?.licence ?? null,
    architecture: model.architecture,
    contextTokens: model.trainedContextTokens,
    bytes: model.bytes,
    stored: true,
    loaded:
      loaded === undefined
        ? null
        : { sessions, sessionsMax: loaded.sessionsMax, device: loaded.device, mode: loaded.mode },
    fit: fitOf({ memoryBytes, diskBytes: 0 }, place),
    untried: false,
  };
}

function catalogueCard(entry: CatalogueEntry, place: Place): PanelModel {
  const { name, title, licence, architecture, contextTokens, bytes, memoryBytes, tried } = entry;
  const fit = fitOf({ memoryBytes, diskBytes: bytes }, place);
  return {
    name,
    title,
    licence,
    architecture,
    contextTokens,
    bytes,
    stored: false,
    loaded: null,
    fit,
    untried: !tried,
  };
}
