/**
 * Renders a model's own chat template (Jinja). The template comes from a stranger, so it runs in a thread of its own
 * with limits on time, memory and output; limits.ts has the figures.
 */

import type { TemplateMessage } from '@filon/core/dialect/template-input';
import { FilonError } from '@filon/core/errors';
import type { TemplateErrorDetails } from './errors.ts';
import { IDLE_MS, OUTPUT_BYTES_MAX, TEMPLATE_BYTES_MAX, WAITING_MAX } from './limits.ts';
import type { RenderJob, RenderReply } from './render-protocol.ts';
import { startThread, type ThreadHandle, tooLong, tooMuchMemory } from './thread-handle.ts';

export interface RenderRequest {
  /** Jinja source, at most {@link TEMPLATE_BYTES_MAX}. */
  template: string;
  messages: readonly TemplateMessage[];
  /** Whether the prompt ends with the beginning of the assistant's turn. */
  addGenerationPrompt: boolean;
  bosToken: string;
  eosToken: string;
  /** Further names for the template, such as `tools` and `enable_thinking`; plain JSON values. */
  variables?: Readonly<Record<string, unknown>>;
}

export interface TemplateRenderer extends AsyncDisposable {
  /** Whether a thread is there at the moment. */
  readonly threadRunning: boolean;
  /** The prompt's text. Errors: TEMPLATE_* (errors.ts), or the signal's reason. */
  render(request: RenderRequest, options: { signal: AbortSignal }): Promise<string>;
}

/** The thread starts with the first prompt and ends after `idleMs` without one. */
export function openTemplateRenderer({ idleMs = IDLE_MS }: { idleMs?: number } = {}): TemplateRenderer {
  let thread: ThreadHandle | null = null;
  let idle: NodeJS.Timeout | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const rest = (): void => {
    idle = setTimeout(() => {
      void thread?.end();
      thread = null;
    }, idleMs).unref();
  };
  const run = async (job: RenderJob, signal: AbortSignal): Promise<string> => {
    signal.throwIfAborted();
    if (idle !== null) clearTimeout(idle);
    if (thread === null || !thread.alive) thread = startThread();
    try {
      return textOf(await thread.run(job));
    } finally {
      rest();
    }
  };
  const render: TemplateRenderer['render'] = async (request, { signal }) => {
    signal.throwIfAborted();
    if (waiting >= WAITING_MAX) throw busy();
    const job = jobOf(request);
    waiting += 1;
    const turn = last.then(() => run(job, signal));
    // The next prompt waits for this one, whatever becomes of it.
    last = turn.catch(() => undefined).finally(() => (waiting -= 1));
    return untilAborted(turn, signal);
  };
  return {
    get threadRunning() {
      return thread !== null;
    },
    render,
    async [Symbol.asyncDispose]() {
      if (idle !== null) clearTimeout(idle);
      await thread?.end();
      thread = null;
    },
  };
}

/** The result, or the signal's reason at once: a thread that is rendering is left to end by its limits. */
function untilAborted(result: Promise<string>, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function jobOf(request: RenderRequest): RenderJob {
  const { template, messages, addGenerationPrompt, bosToken, eosToken, variables } = request;
  if (Buffer.byteLength(template) > TEMPLATE_BYTES_MAX) {
    throw invalid(`its source is longer than ${TEMPLATE_BYTES_MAX} bytes`);
  }
  let bytes = JSON.stringify(variables ?? {}).length;
  for (const { content, reasoning_content = '', tool_calls } of messages) {
    bytes += Buffer.byteLength(content) + reasoning_content.length;
    if (tool_calls !== undefined) bytes += JSON.stringify(tool_calls).length;
  }
  if (bytes > OUTPUT_BYTES_MAX) throw tooLongOutput();
  return {
    template,
    variables: {
      ...variables,
      messages,
      add_generation_prompt: addGenerationPrompt,
      bos_token: bosToken,
      eos_token: eosToken,
    },
  };
}

function textOf(reply: RenderReply): string {
  switch (reply.kind) {
    case 'text':
      return reply.text;
    case 'overrun':
      if (reply.overrun === 'time') throw tooLong();
      throw reply.overrun === 'memory' ? tooMuchMemory() : tooLongOutput();
    case 'refused':
      throw new FilonError<TemplateErrorDetails>(
        { code: 'TEMPLATE_REFUSED', reason: reply.reason },
        `The model's chat template refuses these messages: ${reply.reason}`,
      );
    case 'invalid':
      throw invalid(reply.message);
    case 'ready':
      throw invalid('the thread began anew');
  }
}

function invalid(why: string): FilonError<TemplateErrorDetails> {
  return new FilonError({ code: 'TEMPLATE_INVALID' }, `The model's chat template failed: ${why}.`);
}

function tooLongOutput(): FilonError<TemplateErrorDetails> {
  return new FilonError(
    { code: 'TEMPLATE_OUTPUT_LIMIT', maxBytes: OUTPUT_BYTES_MAX },
    `The messages make a prompt of more than ${OUTPUT_BYTES_MAX} bytes; send fewer or shorter ones.`,
  );
}

function busy(): FilonError<TemplateErrorDetails> {
  return new FilonError(
    { code: 'TEMPLATE_BUSY', waitingMax: WAITING_MAX },
    `${WAITING_MAX} prompts are waiting to be put together already; try again in a moment.`,
  );
}
