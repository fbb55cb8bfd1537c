/**
 * llama-server, started so that it computes the same work as the node does: same file, threads and context, no web page,
 * no copies of idle sessions in memory (which it would spend time on). Everything else is its default.
 */
import { tryCommand } from '../commands.ts';
import { CONTEXT_TOKENS, SESSIONS } from '../options.ts';
import { freePort } from './free-port.ts';
import { type Program, startProgram } from './program.ts';
import type { Served } from './served.ts';
import { answers, waitUntil } from './wait-until.ts';

export interface LlamaServerSpec {
  binary: string;
  modelPath: string;
  threads: number;
  /** One pool of cells for all sessions; otherwise each has its part of the context. */
  unified: boolean;
}

const READY_TIMEOUT_MS = 120_000;

export function llamaServerName(unified: boolean): string {
  return unified ? 'llama-server (unified)' : 'llama-server (split)';
}

export async function startLlamaServer(
  { binary, modelPath, threads, unified }: LlamaServerSpec,
  signal: AbortSignal,
): Promise<Served & Program> {
  const port = await freePort();
  const name = llamaServerName(unified);
  const args = [
    ...['--model', modelPath, '--host', '127.0.0.1', '--port', `${port}`, '--no-webui', '--log-disable'],
    ...['--parallel', `${SESSIONS}`, '--ctx-size', `${CONTEXT_TOKENS}`, '--threads', `${threads}`],
    ...['--cache-ram', '0', unified ? '--kv-unified' : '--no-kv-unified'],
  ];
  const program = await startProgram({ name, file: binary, args, cwd: '/' });
  const url = `http://127.0.0.1:${port}`;
  try {
    const what = `the start of ${name}`;
    const options = { signal, timeoutMs: READY_TIMEOUT_MS, what, program };
    await waitUntil(() => answers(`${url}/health`, signal), options);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return Object.assign(program, { url, model: 'model' });
}

export async function llamaServerVersion(binary: string, signal: AbortSignal): Promise<string> {
  const script = '"$0" --version 2>&1';
  const text = await tryCommand('/bin/sh', ['-c', script, binary], { signal, cwd: '/' });
  return /version:\s*(.+)/.exec(text)?.[1] ?? 'unknown';
}
