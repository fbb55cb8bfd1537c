/**
 * Builds llama-server once, from the source that the engine's package carries: the same llama.cpp, compiled for this
 * machine. The result stays in the cache under the package's version.
 */
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ENGINE_PIN } from '@filon/engine/ffi/library-set';
import { runCommand, tryCommand } from '../commands.ts';

const MINUTE_MS = 60_000;
const FETCH_TIMEOUT_MS = 10 * MINUTE_MS;
const BUILD_TIMEOUT_MS = 180 * MINUTE_MS;

/** What `cmake` is told: this machine's own instructions, the server alone, its web page left out. */
const SETTINGS = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DGGML_NATIVE=ON',
  '-DBUILD_SHARED_LIBS=OFF',
  '-DLLAMA_BUILD_TESTS=OFF',
  '-DLLAMA_BUILD_EXAMPLES=OFF',
  '-DLLAMA_BUILD_APP=OFF',
  '-DLLAMA_USE_PREBUILT_UI=OFF',
  '-DLLAMA_OPENSSL=OFF',
];

const TILE_CONFIG = {
  file: 'ggml/src/ggml-cpu/amx/mmq.cpp',
  call: '_tile_loadconfig(&tc);',
  kept: '__asm__ volatile("" : : "r"(&tc) : "memory"); _tile_loadconfig(&tc);',
};

export interface BuildOptions {
  cacheDirectory: string;
  signal: AbortSignal;
  /** Told what is being done. */
  say(text: string): void;
}

/** Path of the program. Codes: BENCH_COMMAND_FAILED, BENCH_TIMEOUT. */
export async function builtLlamaServer({ cacheDirectory, signal, say }: BuildOptions): Promise<string> {
  const directory = join(cacheDirectory, `llama-server-${ENGINE_PIN.package}`);
  const binary = join(directory, 'llama-server');
  if (await exists(binary)) return binary;
  await mkdir(directory, { recursive: true });
  const source = await sourceIn(directory, { signal, say });
  const build = join(directory, 'build');
  say('configuring llama-server ...');
  await configure(source, build, { signal, cwd: directory });
  say(`building llama-server in ${build} (about 20 minutes on two cores) ...`);
  const jobs = `${Math.max(1, availableParallelism() - 1)}`;
  const args = ['--build', build, '--target', 'llama-server', '-j', jobs];
  await runCommand('cmake', args, { signal, cwd: directory, timeoutMs: BUILD_TIMEOUT_MS });
  await rename(join(build, 'bin', 'llama-server'), binary);
  await rm(build, { recursive: true });
  return binary;
}

async function sourceIn(
  directory: string,
  { signal, say }: { signal: AbortSignal; say(text: string): void },
): Promise<string> {
  const source = join(directory, 'llama.cpp');
  if (await exists(join(source, 'CMakeLists.txt'))) return source;
  const options = { signal, cwd: directory, timeoutMs: FETCH_TIMEOUT_MS };
  say(`fetching node-llama-cpp ${ENGINE_PIN.package}, which carries the source ...`);
  await runCommand('npm', ['pack', '--silent', `node-llama-cpp@${ENGINE_PIN.package}`], options);
  const bundle = 'package/llama/gitRelease.bundle';
  await runCommand('tar', ['-xzf', `node-llama-cpp-${ENGINE_PIN.package}.tgz`, bundle], options);
  await rm(`${source}.new`, { recursive: true, force: true });
  await runCommand('git', ['clone', '--quiet', bundle, `${source}.new`], options);
  await keepTileConfig(join(`${source}.new`, TILE_CONFIG.file));
  await rm(source, { recursive: true, force: true });
  await rename(`${source}.new`, source);
  return source;
}

/**
 * GCC before 14 tells its optimizer that `_tile_loadconfig` reads 8 bytes of the 64 (its amxtileintrin.h), so the others are
 * never stored and the first AMX instruction ends the program. A barrier keeps them.
 */
async function keepTileConfig(path: string): Promise<void> {
  const { call, kept } = TILE_CONFIG;
  await writeFile(path, (await readFile(path, 'utf8')).replace(call, kept));
}

async function configure(
  source: string,
  build: string,
  options: { signal: AbortSignal; cwd: string },
): Promise<void> {
  const ninja = (await tryCommand('ninja', ['--version'], options)) === '' ? [] : ['-G', 'Ninja'];
  const args = ['-S', source, '-B', build, ...ninja, ...SETTINGS];
  await runCommand('cmake', args, { ...options, timeoutMs: FETCH_TIMEOUT_MS });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
