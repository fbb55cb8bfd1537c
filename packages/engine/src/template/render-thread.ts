/**
 * The thread that renders. It holds nothing but the template and the messages of the present prompt, and may be ended
 * at any time.
 */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '@filon/core/errors';
import { Environment, parse, tokenize } from '@huggingface/jinja';
import { boundBuiltins } from './bounded-builtins.ts';
import { BoundedInterpreter } from './bounded-interpreter.ts';
import { type Budget, OverrunError, openBudget } from './budget.ts';
import { OUTPUT_BYTES_MAX, RANGE_ITEMS_MAX } from './limits.ts';
import type { RenderJob, RenderReply } from './render-protocol.ts';
import { strftime } from './strftime.ts';

class RefusedByTemplate extends Error {}

const CONSTANTS: readonly [string, boolean | null][] = [
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
];

/** The budget of the present rendering. */
let present: Budget | null = null;

function range(first: unknown, second?: unknown, step: unknown = 1): number[] {
  const by = Number(step);
  const from = second === undefined ? 0 : Number(first);
  const to = Number(second ?? first);
  const count = Math.max(Math.ceil((to - from) / by), 0);
  if (Number.isNaN(count)) throw new RangeError('range() takes numbers, and a step that is not 0');
  if (count > RANGE_ITEMS_MAX) throw new OverrunError('memory');
  return Array.from({ length: count }, (_, i) => from + i * by);
}

function environmentFor(variables: RenderJob['variables']): Environment {
  const environment = new Environment();
  for (const [name, value] of CONSTANTS) environment.set(name, value);
  environment.set('range', range);
  environment.set('strftime_now', (format: unknown) => strftime(String(format), new Date()));
  environment.set('raise_exception', (reason: unknown) => {
    throw new RefusedByTemplate(String(reason));
  });
  for (const [name, value] of Object.entries(variables)) environment.set(name, value);
  return environment;
}

function render(job: RenderJob): RenderReply {
  const budget = openBudget();
  try {
    present = budget;
    const program = parse(tokenize(job.template, { lstrip_blocks: true, trim_blocks: true }));
    const result = new BoundedInterpreter(environmentFor(job.variables), budget).run(program);
    const text = String(result.value);
    present = null;
    return Buffer.byteLength(text) > OUTPUT_BYTES_MAX
      ? { kind: 'overrun', overrun: 'output' }
      : { kind: 'text', text };
  } catch (error) {
    present = null;
    return replyOf(error);
  }
}

function replyOf(error: unknown): RenderReply {
  if (error instanceof OverrunError) return { kind: 'overrun', overrun: error.overrun };
  if (error instanceof RefusedByTemplate) return { kind: 'refused', reason: error.message };
  const message = messageOf(error);
  // What V8 says of a text of more than half a gigabyte.
  if (message === 'Invalid string length') return { kind: 'overrun', overrun: 'memory' };
  return { kind: 'invalid', message };
}

boundBuiltins(() => present);
parentPort?.on('message', (job: RenderJob) => parentPort?.postMessage(render(job)));
parentPort?.postMessage({ kind: 'ready' } satisfies RenderReply);
