/** Resident memory, one program at a time: pages of the model's file are then nobody else's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, FILON } from '../bench.ts';
import { descendants, type Memory, memoryOf } from '../memory.ts';
import { CONTEXT_TOKENS } from '../options.ts';
import { type NodeSpec, startNode } from '../programs/filon-node.ts';
import { llamaServerName, startLlamaServer } from '../programs/llama-server.ts';
import type { Served } from '../programs/served.ts';
import type { Measure } from '../report.ts';
import { ratioOf, type Summary, summarize } from '../statistics.ts';
import { askTwice, decode } from './work.ts';

const IDLE_GOAL_MB = 100;
const WORKER_GOAL = { atMost: 1.1 };
/** What a program does at once after its start is over by then. */
const SETTLE_MS = 2000;
const WORKER = 'worker';

type Found = Record<string, Memory>;

export async function* memoryCase(bench: Bench): AsyncGenerator<Measure> {
  bench.say('memory ...');
  const { options, signal, model, filon, home, device } = bench;
  const { threads } = options;
  const spec: NodeSpec = { name: FILON, command: filon, home, model: null, device, threads };
  yield idleMeasure(await idleMemory(spec, signal));
  const loaded: Found = {};
  const worked: Found = {};
  {
    await using node = await startNode({ ...spec, model: model.name }, signal);
    await observe(bench, node, { loaded, worked });
  }
  const binary = await bench.llamaServer();
  for (const unified of [true, false]) {
    const server = { binary, modelPath: model.path, threads, unified };
    await using program = await startLlamaServer(server, signal);
    await observe(bench, program, { loaded, worked });
  }
  yield measure(`with the model and ${CONTEXT_TOKENS} tokens of context, before any answer`, loaded);
  yield measure('the same after a prompt of the usual length and some answers', worked);
}

async function idleMemory(spec: NodeSpec, signal: AbortSignal): Promise<Memory> {
  await using node = await startNode(spec, signal);
  await sleep(SETTLE_MS, undefined, { signal });
  return memoryOf(node.pid);
}

/** Memory of a program before and after work; of a node, its worker's on its own too. */
async function observe(
  { signal, prompts, promptWords, options }: Bench,
  served: Served,
  { loaded, worked }: { loaded: Found; worked: Found },
): Promise<void> {
  const note = async (found: Found): Promise<void> => {
    await sleep(SETTLE_MS, undefined, { signal });
    found[served.name] = await memoryOf(served.pid);
    const [worker] = await descendants(served.pid);
    if (served.name === FILON && worker !== undefined) found[WORKER] = await memoryOf(worker);
  };
  await note(loaded);
  await askTwice(served, prompts.next(promptWords), signal);
  const eight = Array.from({ length: 8 }, () => prompts.next(16));
  await decode(served, { prompts: eight, tokens: options.tokens, temperature: null }, signal);
  await note(worked);
}

function idleMeasure({ rssMb, pssMb }: Memory): Measure {
  const values = { 'node, resident': summarize([rssMb]), 'node, shared pages divided': summarize([pssMb]) };
  const goal = `goal: at most ${IDLE_GOAL_MB} MB: ${rssMb <= IDLE_GOAL_MB ? 'met' : 'not met'}`;
  return { case: 'memory', what: 'node process, idle', unit: 'MB', values, ratio: null, notes: [goal] };
}

function measure(what: string, found: Found): Measure {
  const values: Record<string, Summary> = Object.fromEntries(
    Object.entries(found).map(([name, { rssMb }]) => [name, summarize([rssMb])]),
  );
  const [one, two] = [llamaServerName(true), llamaServerName(false)];
  const least = (values[one]?.median ?? 0) <= (values[two]?.median ?? 0) ? one : two;
  const ratio = values[WORKER] === undefined ? null : ratioOf([WORKER, least], values, WORKER_GOAL);
  const shared = Object.entries(found).map(([name, { pssMb }]) => `${name}: ${pssMb.toFixed(0)} MB`);
  const notes = [
    `with shared pages divided: ${shared.join(', ')}`,
    `${FILON} is the node process without its worker`,
  ];
  return { case: 'memory', what, unit: 'MB', values, ratio, notes };
}
