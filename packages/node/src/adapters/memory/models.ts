/** Models in memory, for tests and for nodes that only pass requests on. Contents come from whoever makes it. */
import { createHash } from 'node:crypto';
import { type FilonError, isFilonError } from '@filon/core/errors';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import { hashMismatch, nameUnknown, notHere, sourceDead, sourcesExhausted } from '@filon/core/model/errors';
import { checkNoLoras, loraBase, loraFacts, loraName } from '@filon/core/model/lora';
import { findModel, freeName } from '@filon/core/model/names';
import { nearestNames } from '@filon/core/model/nearest-names';
import { isSource, parseSource } from '@filon/core/model/source';
import type { ByteSource } from '@filon/engine/gguf/byte-reader';
import { type GgufHeader, parseGgufHeader } from '@filon/engine/gguf/header';
import { parseLoraHeader } from '@filon/engine/gguf/lora-header';
import { loraModelId } from '@filon/engine/gguf/lora-id';
import type { Clock } from '../../ports/clock.ts';
import type { Models, PullOptions, PullProgress, StoredModel } from '../../ports/models.ts';
import type { Store } from '../../ports/store.ts';

export interface MemoryModelsDeps {
  store: Store;
  clock: Clock;
  /** The content of a source, null when it has none. */
  read(source: string): Promise<Uint8Array | null>;
}

export function createMemoryModels(
  config: { catalogue: readonly CatalogueEntry[] },
  deps: MemoryModelsDeps,
): Models {
  return new MemoryModels(config.catalogue, deps);
}

interface Wanted {
  name: string;
  sources: readonly string[];
  sha256: string | null;
  repin: boolean;
  /** What a LoRA is added to; null: it is a whole model. */
  base: StoredModel | null;
}

class MemoryModels implements Models {
  readonly #catalogue: readonly CatalogueEntry[];
  readonly #deps: MemoryModelsDeps;
  readonly #stored = new Map<string, StoredModel>();
  /** Of whole models, by sha256. */
  readonly #headers = new Map<string, GgufHeader>();
  readonly #pulls = new Map<string, Promise<StoredModel>>();

  constructor(catalogue: readonly CatalogueEntry[], deps: MemoryModelsDeps) {
    this.#catalogue = catalogue;
    this.#deps = deps;
  }

  catalogue(): readonly CatalogueEntry[] {
    return this.#catalogue;
  }

  async list(): Promise<StoredModel[]> {
    return [...this.#stored.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async find(name: string): Promise<StoredModel | null> {
    return findModel(await this.list(), name);
  }

  async pull(name: string, options: PullOptions): Promise<StoredModel> {
    const { lora } = options;
    const there = lora === undefined ? await this.find(name) : null;
    if (there !== null && options.repin !== true) return there;
    options.signal.throwIfAborted();
    const repin = options.repin ?? false;
    const wanted = lora === undefined ? this.#resolve(name, repin) : this.#resolveLora(name, lora, repin);
    const leaving = Promise.withResolvers<never>();
    const leave = (): void => leaving.reject(options.signal.reason);
    options.signal.addEventListener('abort', leave, { once: true });
    try {
      const model = await Promise.race([this.#join(wanted), leaving.promise]);
      options.onProgress?.(progressAtEnd(model));
      return model;
    } finally {
      options.signal.removeEventListener('abort', leave);
    }
  }

  async remove(name: string): Promise<void> {
    const model = await this.find(name);
    if (model === null) throw notHere(name);
    checkNoLoras(model, await this.list());
    this.#stored.delete(model.name);
  }

  #resolve(name: string, repin: boolean): Wanted {
    const entry = this.#catalogue.find((candidate) => candidate.name === name);
    if (entry !== undefined) {
      const sha256 = entry.sha256 === 'pinned at the first pull' ? null : entry.sha256;
      return { name, sources: entry.sources, sha256, repin, base: null };
    }
    if (!isSource(name)) {
      const known = this.#catalogue.map((candidate) => candidate.name);
      throw nameUnknown(name, nearestNames(name, known));
    }
    const taken = [...this.#catalogue, ...this.#stored.values()];
    const free = freeName(parseSource(name), taken);
    return { name: free, sources: [name], sha256: null, repin, base: null };
  }

  #resolveLora(source: string, lora: NonNullable<PullOptions['lora']>, repin: boolean): Wanted {
    const taken = [...this.#stored.values()];
    const base = loraBase(taken, lora.base);
    const name = loraName(source, { base: base.name, name: lora.name, taken });
    return { name, sources: [source], sha256: null, repin, base };
  }

  #join(wanted: Wanted): Promise<StoredModel> {
    const key = [wanted.base?.name, ...wanted.sources].join('\n');
    const running = this.#pulls.get(key);
    if (running !== undefined) return running;
    const started = this.#fetch(wanted).finally(() => this.#pulls.delete(key));
    // Those who wait hear of a failure.
    started.catch(() => undefined);
    this.#pulls.set(key, started);
    return started;
  }

  async #fetch(wanted: Wanted): Promise<StoredModel> {
    const failures: FilonError[] = [];
    for (const source of wanted.sources) {
      try {
        return await this.#fetchFrom(source, wanted);
      } catch (error) {
        if (!isFilonError(error) || error.code === 'MODEL_ARCHITECTURE_UNSUPPORTED') throw error;
        failures.push(error);
      }
    }
    const [first] = failures;
    if (failures.length === 1 && first !== undefined) throw first;
    const listed = failures.map((error, index) => {
      return { source: wanted.sources[index] ?? '', code: error.code, reason: error.message };
    });
    throw sourcesExhausted(wanted.name, listed);
  }

  async #fetchFrom(source: string, wanted: Wanted): Promise<StoredModel> {
    const { store, clock } = this.#deps;
    const content = await this.#deps.read(source);
    if (content === null) throw sourceDead(source, 'no such file is there');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const pinned = wanted.repin ? undefined : store.get('pins', source)?.sha256;
    const expected = wanted.sha256 ?? pinned ?? sha256;
    if (expected !== sha256) {
      throw hashMismatch(source, { expected, actual: sha256, pinned: wanted.sha256 === null });
    }
    const facts = await this.#facts(wanted, { sha256, label: source, content });
    store.put('pins', source, { sha256, bytes: content.length });
    const file = { name: wanted.name, sha256, path: `memory:${sha256}`, bytes: content.length };
    const model: StoredModel = { ...file, source, pulledAtMs: clock.nowMs(), ...facts };
    this.#stored.set(model.name, model);
    return model;
  }

  async #facts(wanted: Wanted, { sha256, label, content }: Content): Promise<Facts> {
    const source: ByteSource = {
      label,
      bytes: content.length,
      read: async (target, position) => {
        const part = content.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      },
    };
    const { base } = wanted;
    const { architecture, tensors } = this.#headers.get(base?.sha256 ?? '') ?? {};
    if (base !== null && architecture !== undefined && tensors !== undefined) {
      const on = { architecture, tensors, sha256: base.sha256 };
      const { lora, ...facts } = loraFacts(await parseLoraHeader(source, on), base);
      const id = loraModelId(base.sha256, sha256);
      return { ...facts, sha256: id, lora: { ...lora, sha256, basePath: base.path } };
    }
    const header = await parseGgufHeader(source);
    this.#headers.set(sha256, header);
    const { quantization, parameters, licence, contextTokens } = header;
    const trainedContextTokens = contextTokens;
    return { architecture: header.architecture, quantization, parameters, licence, trainedContextTokens };
  }
}

interface Content {
  sha256: string;
  label: string;
  content: Uint8Array;
}

type Facts = Omit<StoredModel, 'name' | 'sha256' | 'path' | 'bytes' | 'source' | 'pulledAtMs'> &
  Partial<StoredModel>;

function progressAtEnd(model: StoredModel): PullProgress {
  return { phase: 'storing', source: model.source, doneBytes: model.bytes, totalBytes: model.bytes };
}
