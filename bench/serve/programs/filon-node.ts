/** This node, started as a user would: `./filon up` in a home of its own. */
import type { Certificate } from '@filon/engine/certify/certificate';
import { runCommand } from '../commands.ts';
import { CONTEXT_TOKENS, SESSIONS } from '../options.ts';
import { type FilonCommand, ROOT } from './filon-command.ts';
import { freePort } from './free-port.ts';
import { type Program, startProgram } from './program.ts';
import type { Served } from './served.ts';
import { answers, waitUntil } from './wait-until.ts';

export interface NodeSpec {
  name: string;
  command: FilonCommand;
  home: string;
  /** Null: a node without a model. */
  model: string | null;
  device: string;
  threads: number;
  mode?: 'fast' | 'exact';
  contextTokens?: number;
}

const READY_TIMEOUT_MS = 180_000;
const PULL_TIMEOUT_MS = 30 * 60_000;
const CERTIFY_TIMEOUT_MS = 4 * 3_600_000;

/** Ready when this resolves: with a model, `/readyz` said so; without, `/healthz`. */
export async function startNode(spec: NodeSpec, signal: AbortSignal): Promise<Served & Program> {
  const port = await freePort();
  const { command, home, model, device, threads, mode = 'fast', contextTokens = CONTEXT_TOKENS } = spec;
  const args = [
    ...[...command.args, 'up', '--json', '--home', home, '--port', `${port}`, '--device', device],
    ...['--threads', `${threads}`, '--mode', mode, '--context-tokens', `${contextTokens}`],
    ...['--sessions-max', `${SESSIONS}`, ...(model === null ? ['--no-model'] : ['--default-model', model])],
  ];
  const program = await startProgram({ name: spec.name, file: command.file, args, cwd: ROOT });
  const url = `http://127.0.0.1:${port}`;
  try {
    const options = { signal, timeoutMs: READY_TIMEOUT_MS, what: `the start of ${spec.name}`, program };
    await waitUntil(() => answers(`${url}/${model === null ? 'healthz' : 'readyz'}`, signal), options);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return Object.assign(program, { url, model: model ?? '' });
}

export interface StoredFile {
  name: string;
  path: string;
  sha256: string;
  bytes: number;
}

export async function pullModel(
  { command, home, model }: Pick<NodeSpec, 'command' | 'home'> & { model: string },
  signal: AbortSignal,
): Promise<StoredFile> {
  const args = [...command.args, 'pull', model, '--home', home, '--json'];
  const text = await runCommand(command.file, args, { signal, cwd: ROOT, timeoutMs: PULL_TIMEOUT_MS });
  return lastLine(text) as StoredFile;
}

/** `filon certify` on the node of that home, which must be up. */
export async function certifyModel(
  { command, home, model }: Pick<NodeSpec, 'command' | 'home'> & { model: string },
  signal: AbortSignal,
): Promise<Certificate> {
  const args = [...command.args, 'certify', model, '--home', home, '--json'];
  const text = await runCommand(command.file, args, { signal, cwd: ROOT, timeoutMs: CERTIFY_TIMEOUT_MS });
  return (lastLine(text) as { certificate: Certificate }).certificate;
}

function lastLine(text: string): unknown {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}
