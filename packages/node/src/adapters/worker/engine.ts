/** The Engine port on device workers. Certificates live in the store: exact mode of a later start rests on them. */
import {
  CERTIFIED_CACHE_TOKENS,
  type Certificate,
  type CertifyRequest,
} from '@filon/engine/certify/certificate';
import { type EngineConfig, openEngine } from '@filon/engine/engine';
import type { Engine, Progress, Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { Store } from '../../ports/store.ts';

export interface WorkerEngine extends Engine, AsyncDisposable {
  /** Finds and proves exact settings, and keeps what it found. Codes: ENGINE_*, GGUF_*. */
  certify(
    file: Pick<CertifyRequest, 'model' | 'path'> & Partial<CertifyRequest> & { device: string | null },
    options: Waiting & Progress,
  ): Promise<Certificate>;
}

export async function openWorkerEngine(
  config: EngineConfig,
  { store, log }: { store: Store; log: Log },
): Promise<WorkerEngine> {
  const engine = openEngine(config, {
    certificate: (model, device) => store.get('certificates', key(model, device)) as Certificate | undefined,
  });
  return {
    devices: (options) => engine.devices(options),
    load: (spec, options) => engine.load(spec, options),
    unload: (model, options) => engine.unload(model, options),
    tokenize: (model, prompt, options) => engine.tokenize(model, prompt, options),
    open: (request, options) => engine.open(request, options),
    embed: (model, texts, options) => engine.embed(model, texts, options),
    status: () => engine.status(),
    certify: async (file, options) => {
      const certificate = await engine.certify(
        { cacheTokens: CERTIFIED_CACHE_TOKENS, measure: true, ...file },
        options,
      );
      store.put('certificates', key(certificate.model, certificate.device), certificate);
      log.info('model.certified', {
        model: certificate.model,
        device: certificate.device,
        numericClass: certificate.numericClass,
      });
      return certificate;
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function key(model: string, device: string): string {
  return `${model}/${device}`;
}
