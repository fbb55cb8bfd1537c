/** The models of a node's home: what is there, what may be pulled, and the pulling. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@filon/core/errors';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import { nameUnknown, notHere, storeUnavailable } from '@filon/core/model/errors';
import { checkNoLoras, loraBase, loraName } from '@filon/core/model/lora';
import { findModel, freeName } from '@filon/core/model/names';
import { nearestNames } from '@filon/core/model/nearest-names';
import { isSource, parseSource, type SourceAddress } from '@filon/core/model/source';
import type { Clock } from '../../ports/clock.ts';
import type { Models, PullOptions, StoredModel } from '../../ports/models.ts';
import type { Store } from '../../ports/store.ts';
import { type FreeBytes, freeBytesOnDisk } from './disk-space.ts';
import { type FetchMeans, fetchModel, type Wanted } from './fetch-model.ts';
import { createFileSource } from './file-source.ts';
import { createHubSource } from './hf-source.ts';
import { HTTP_LIMITS, type HttpLimits } from './http-get.ts';
import { createHttpsSource } from './https-source.ts';
import { createPins } from './pins.ts';
import { createPipSource } from './pip-source.ts';
import { SharedPulls } from './shared-pulls.ts';
import { Shelf } from './shelf.ts';
import type { Source } from './source.ts';
import { sweepPartials } from './sweep.ts';

export interface ModelsConfig {
  /** The node's home; everything lies in its folder `models`. */
  home: string;
  catalogue: readonly CatalogueEntry[];
  /** What pip sees of the environment. */
  pipEnvironment: Readonly<Record<string, string>>;
  /** Without a further byte from pip. */
  pipStallMs?: number;
  http?: Partial<HttpLimits>;
  /** Before a cut connection is made again. */
  retryDelayMs?: number;
  hubUrl?: string;
}

export interface ModelsDeps {
  store: Store;
  clock: Clock;
  /** How much room there is; the disk's own answer unless a test gives another. */
  freeBytes?: FreeBytes;
}

const HUB_URL = 'https://huggingface.co';
const PIP_STALL_MS = 30_000;
const RETRY_DELAY_MS = 500;

/** Codes: MODEL_STORE_UNAVAILABLE. */
export async function openModels(config: ModelsConfig, deps: ModelsDeps): Promise<Models & AsyncDisposable> {
  const folder = join(config.home, 'models');
  const shelf = new Shelf(folder);
  try {
    await shelf.prepare();
    for (const name of ['partial', 'locks'])
      await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    await sweepPartials(join(folder, 'partial'), deps.clock.nowMs());
    await shelf.sweep();
  } catch (error) {
    throw storeUnavailable(folder, messageOf(error), error);
  }
  const means: FetchMeans = {
    folder,
    shelf,
    pins: createPins(deps.store),
    clock: deps.clock,
    freeBytes: deps.freeBytes ?? freeBytesOnDisk,
    retryDelayMs: config.retryDelayMs ?? RETRY_DELAY_MS,
  };
  return new DiskModels(config, means);
}

class DiskModels implements Models, AsyncDisposable {
  readonly #config: ModelsConfig;
  readonly #means: FetchMeans;
  readonly #pulls = new SharedPulls();
  /** Names that downloads under way will have. */
  readonly #coming = new Set<{ name: string; source: string }>();

  constructor(config: ModelsConfig, means: FetchMeans) {
    this.#config = config;
    this.#means = means;
  }

  catalogue(): readonly CatalogueEntry[] {
    return this.#config.catalogue;
  }

  list(): Promise<StoredModel[]> {
    return this.#means.shelf.list();
  }

  async find(name: string): Promise<StoredModel | null> {
    return findModel(await this.list(), name);
  }

  async pull(name: string, options: PullOptions): Promise<StoredModel> {
    const { lora } = options;
    const there = lora === undefined ? await this.find(name) : null;
    if (there !== null && options.repin !== true && !name.startsWith('file:')) return there;
    const wanted = lora === undefined ? await this.#resolve(name) : await this.#resolveLora(name, lora);
    const coming = { name: wanted.name, source: wanted.sources[0]?.text ?? '' };
    this.#coming.add(coming);
    try {
      return await this.#pulls.join(wanted.name, options, (shared) =>
        fetchModel(wanted, { ...shared, repin: options.repin ?? false }, this.#means),
      );
    } finally {
      this.#coming.delete(coming);
    }
  }

  async remove(name: string): Promise<void> {
    const model = await this.find(name);
    if (model === null) throw notHere(name);
    checkNoLoras(model, await this.list());
    await this.#means.shelf.remove(model);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pulls[Symbol.asyncDispose]();
  }

  async #resolve(name: string): Promise<Wanted> {
    const entry = this.#config.catalogue.find((candidate) => candidate.name === name);
    if (entry !== undefined) return this.#wantedEntry(entry);
    if (!isSource(name)) {
      const known = this.#config.catalogue.map((candidate) => candidate.name);
      throw nameUnknown(name, nearestNames(name, known));
    }
    const address = parseSource(name);
    const free = freeName(address, [...this.#config.catalogue, ...(await this.list()), ...this.#coming]);
    return { name: free, sources: [this.#source(address)], sha256: null, bytes: null, base: null };
  }

  async #resolveLora(source: string, lora: NonNullable<PullOptions['lora']>): Promise<Wanted> {
    const stored = await this.list();
    const base = loraBase(stored, lora.base);
    const taken = [...stored, ...this.#coming];
    const name = loraName(source, { base: base.name, name: lora.name, taken });
    return { name, sources: [this.#source(parseSource(source))], sha256: null, bytes: null, base };
  }

  #wantedEntry(entry: CatalogueEntry): Wanted {
    return {
      name: entry.name,
      sources: entry.sources.map((text) => this.#source(parseSource(text))),
      sha256: entry.sha256 === 'pinned at the first pull' ? null : entry.sha256,
      bytes: entry.bytes,
      base: null,
    };
  }

  #source(address: SourceAddress): Source {
    const { pipEnvironment, pipStallMs, hubUrl, http } = this.#config;
    const limits = { ...HTTP_LIMITS, ...http };
    switch (address.kind) {
      case 'hf':
        return createHubSource(address, limits, hubUrl ?? HUB_URL);
      case 'https':
        return createHttpsSource(address, limits);
      case 'file':
        return createFileSource(address);
      case 'pip': {
        const pip = { environment: pipEnvironment, stallMs: pipStallMs ?? PIP_STALL_MS };
        return createPipSource(address, pip, this.#means.clock);
      }
    }
  }
}
