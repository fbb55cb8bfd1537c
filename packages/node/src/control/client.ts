/** The calls of a node in another process, over the control socket of its home. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { type ErrorObject, FilonError, isFilonError } from '@filon/core/errors';
import { z } from 'zod';
import type { HomePaths } from '../home/paths.ts';
import { openSocketPath } from '../home/socket-path.ts';
import {
  CALL_INPUTS,
  type CallName,
  type CallOptions,
  type CallProgress,
  type Calls,
  type Control,
} from './calls.ts';
import type { ControlErrorDetails } from './errors.ts';

/** Each call connects on its own. Codes of every call: CONTROL_NO_NODE, CONTROL_LOST, and those of the call. */
export function createControlClient(paths: HomePaths): Control {
  const entries = Object.keys(CALL_INPUTS).map((name) => {
    const call = (input: unknown, options: CallOptions): Promise<unknown> =>
      send(paths, { name: name as CallName, input }, options);
    return [name, call];
  });
  return Object.fromEntries(entries) as Control;
}

const lineSchema = z.object({
  progress: z.custom<CallProgress>().optional(),
  result: z.unknown().optional(),
  error: z.custom<ErrorObject>().optional(),
});

async function send<C extends CallName>(
  paths: HomePaths,
  call: { name: C; input: unknown },
  options: CallOptions,
): Promise<Calls[C]['output']> {
  options.signal.throwIfAborted();
  using socketPath = openSocketPath(paths.socket);
  const request = httpRequest({ socketPath: socketPath.path, method: 'POST', path: `/${call.name}` });
  const stop = (): void => void request.destroy();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    const response = await responseTo(request, JSON.stringify(call.input));
    for await (const text of createInterface({ input: response })) {
      const line = lineSchema.parse(JSON.parse(text));
      if (line.progress !== undefined) options.onProgress?.(line.progress);
      else if (line.error !== undefined) throw FilonError.fromObject(line.error);
      else return line.result as Calls[C]['output'];
    }
    throw lost(paths);
  } catch (error) {
    options.signal.throwIfAborted();
    throw isFilonError(error) ? error : explain(error, paths);
  } finally {
    options.signal.removeEventListener('abort', stop);
    request.destroy();
  }
}

function responseTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function explain(error: unknown, paths: HomePaths): FilonError<ControlErrorDetails> {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ECONNREFUSED') return lost(paths, error);
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_NO_NODE', home: paths.home },
    `No node runs in ${paths.home}. Start one with \`filon up\`, or name the right home with --home.`,
  );
}

function lost(paths: HomePaths, cause?: unknown): FilonError<ControlErrorDetails> {
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_LOST', home: paths.home },
    `The node in ${paths.home} went away in the middle of the call. \`filon status\` and \`filon logs\` say more.`,
    { cause },
  );
}
