/**
 * The calls of a node over a unix socket that only its user may open: `POST /CALL` with a JSON body. The answer is JSON
 * lines: any number of `{"progress":...}`, then one `{"result":...}` or `{"error":...}`. A caller that goes away cancels
 * its call.
 */
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import { openSocketPath, type SocketPath } from '../home/socket-path.ts';
import type { Log } from '../ports/log.ts';
import { CALL_INPUTS, type CallName, type CallOptions, type Control } from './calls.ts';
import type { ControlErrorDetails } from './errors.ts';

export const CALL_BYTES_MAX = 65_536;
export const CALLS_MAX = 64;
/** Progress that a slow reader has not taken yet; beyond it, steps are left out. */
const PROGRESS_BACKLOG_BYTES_MAX = 65_536;

export interface ControlServerConfig {
  /** Of the socket; what lies there is taken to be left over, so hold the home's lock. */
  path: string;
}

export interface ControlServerDeps {
  control: Control;
  log: Log;
}

export async function openControlServer(
  config: ControlServerConfig,
  deps: ControlServerDeps,
): Promise<AsyncDisposable> {
  rmSync(config.path, { force: true });
  const socketPath = openSocketPath(config.path);
  const calls = new Set<AbortController>();
  const server = createServer((request, response) => {
    void answer(request, response, { ...deps, calls });
  });
  // A call may take as long as a download.
  server.requestTimeout = 0;
  await listen(server, socketPath);
  return { [Symbol.asyncDispose]: () => close(server, socketPath, calls) };
}

/** The mask makes the socket 0600 from its first moment; `listen` binds before it returns. */
function listen(server: Server, socketPath: SocketPath): Promise<void> {
  return new Promise((resolve, reject) => {
    const mask = process.umask(0o177);
    server.once('error', reject);
    server.listen(socketPath.path, resolve);
    process.umask(mask);
  });
}

async function close(server: Server, socketPath: SocketPath, calls: Set<AbortController>): Promise<void> {
  for (const call of calls) call.abort(stopping());
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  socketPath[Symbol.dispose]();
}

interface Answering extends ControlServerDeps {
  calls: Set<AbortController>;
}

async function answer(request: IncomingMessage, response: ServerResponse, deps: Answering): Promise<void> {
  const call = new AbortController();
  response.on('close', () => call.abort(new FilonError({ code: 'CONTROL_LOST' }, 'The caller went away.')));
  response.on('error', () => {});
  // A connection kept for a next call would hold up the end of the node.
  response.setHeader('connection', 'close');
  const line = (value: unknown): boolean => response.write(`${JSON.stringify(value)}\n`);
  deps.calls.add(call);
  try {
    if (deps.calls.size > CALLS_MAX) throw busy();
    const name = callName(request);
    const input: unknown = await readBody(request);
    const result = await perform(
      deps.control,
      { name, input },
      {
        signal: call.signal,
        onProgress: (progress) => {
          if (response.writableLength < PROGRESS_BACKLOG_BYTES_MAX) line({ progress });
        },
      },
    );
    line({ result });
  } catch (error) {
    if (!isFilonError(error)) deps.log.error('control.failed', { call: request.url, error });
    line({ error: asError(error).toObject() });
  } finally {
    deps.calls.delete(call);
    response.end();
  }
}

function perform<C extends CallName>(
  control: Control,
  call: { name: C; input: unknown },
  options: CallOptions,
): Promise<unknown> {
  const parsed = CALL_INPUTS[call.name].safeParse(call.input);
  if (!parsed.success) {
    const why = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new FilonError<ControlErrorDetails>(
      { code: 'CONTROL_INPUT_INVALID', call: call.name, why },
      `The call ${call.name} has wrong values: ${why}.`,
    );
  }
  return control[call.name](parsed.data, options);
}

function callName(request: IncomingMessage): CallName {
  const name = (request.url ?? '').slice(1);
  const known = Object.keys(CALL_INPUTS).find((call) => call === name);
  if (request.method === 'POST' && known !== undefined) return known as CallName;
  throw new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_CALL_UNKNOWN', call: name },
    `This node knows no call "${name}". It may be of another version: restart it with \`filon down\` and \`filon up\`.`,
  );
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > CALL_BYTES_MAX) {
      throw new FilonError<ControlErrorDetails>(
        { code: 'CONTROL_INPUT_TOO_LARGE', bytesMax: CALL_BYTES_MAX },
        `A control call may have ${CALL_BYTES_MAX} bytes.`,
      );
    }
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch (error) {
    throw new FilonError<ControlErrorDetails>(
      { code: 'CONTROL_INPUT_INVALID', call: '', why: messageOf(error) },
      `The body of a control call is JSON; this one is not: ${messageOf(error)}.`,
    );
  }
}

function asError(error: unknown): FilonError {
  if (isFilonError(error)) return error;
  return new FilonError(
    { code: 'INTERNAL' },
    `Something went wrong that should not have: ${messageOf(error)}. \`filon logs\` shows more.`,
  );
}

function stopping(): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>({ code: 'CONTROL_STOPPING' }, 'The node is stopping.');
}

function busy(): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_BUSY', callsMax: CALLS_MAX },
    `The node is busy with ${CALLS_MAX} control calls. Try again when some of them are done.`,
  );
}
