/** Everything that cases share: the model in a home, the programs, the length of prompts. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import { probeDevices } from '@filon/engine/device/probe';
import { findLibraryDirectory } from '@filon/engine/ffi/library-directory';
import type { Bench } from './bench.ts';
import { complete } from './completion.ts';
import type { BenchErrorDetails } from './errors.ts';
import { fileSha256 } from './machine.ts';
import type { Options } from './options.ts';
import { filonCommand } from './programs/filon-command.ts';
import { pullModel, startNode } from './programs/filon-node.ts';
import { builtLlamaServer } from './programs/llama-build.ts';
import { createPrompts, type Prompts } from './prompts.ts';

const PROBE_TIMEOUT_MS = 30_000;
const TRIAL_WORDS = 256;

export interface Prepared extends AsyncDisposable {
  bench: Bench;
}

/** Codes: those of the programs, BENCH_UNEQUAL when the stored file is not the one that it is called after. */
export async function prepare(
  options: Options,
  { signal, say }: { signal: AbortSignal; say(text: string): void },
): Promise<Prepared> {
  await using stack = new AsyncDisposableStack();
  const scratch = options.keepDirectory ?? (await mkdtemp(join(tmpdir(), 'filon-bench-')));
  if (options.keepDirectory === null) stack.defer(() => rm(scratch, { recursive: true, force: true }));
  const home = join(scratch, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const filon = await filonCommand();
  if (!filon.launched) say('the packages are not those of the lock file: the launcher is left out.');
  say(`pulling ${options.model} ...`);
  const model = await pullModel({ command: filon, home, model: options.model }, signal);
  await checkFile(model, signal);
  const device = await cpuDevice(signal);
  const prompts = createPrompts(Date.now());
  let built: Promise<string> | null = null;
  const llamaServer = (): Promise<string> => {
    const { cacheDirectory } = options;
    built ??=
      options.llamaServer === null
        ? builtLlamaServer({ cacheDirectory, signal, say })
        : Promise.resolve(options.llamaServer);
    return built;
  };
  const common = { options, signal, filon, device, home, scratch, model, prompts, llamaServer, say };
  const promptWords = await wordsFor(common);
  const parts = stack.move();
  return { bench: { ...common, promptWords }, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

async function checkFile(
  { path, sha256 }: { path: string; sha256: string },
  signal: AbortSignal,
): Promise<void> {
  const found = await fileSha256(path, signal);
  if (found === sha256) return;
  throw new FilonError<BenchErrorDetails>(
    { code: 'BENCH_UNEQUAL', what: `sha256 of ${path}`, counts: [] },
    `${path} has the sha256 ${found}, not ${sha256}.`,
  );
}

async function cpuDevice(signal: AbortSignal): Promise<string> {
  const { devices } = await probeDevices(findLibraryDirectory([]), { timeoutMs: PROBE_TIMEOUT_MS, signal });
  return devices.find(({ backend }) => backend === 'cpu')?.id ?? 'cpu';
}

/** How many words make a prompt of the wanted length: asked of the node, and never more than it. */
async function wordsFor(bench: Omit<Bench, 'promptWords'> & { prompts: Prompts }): Promise<number> {
  const { options, signal, filon, home, model, device } = bench;
  const spec = { name: 'trial', command: filon, home, model: model.name, device };
  await using node = await startNode({ ...spec, threads: options.threads }, signal);
  const ask = { prompt: bench.prompts.next(TRIAL_WORDS), tokens: 1, temperature: 0 };
  const { promptTokens } = await complete(node, { ...ask, tokens: 2 }, signal);
  return Math.max(1, Math.floor((options.promptTokens * TRIAL_WORDS) / promptTokens));
}
