/** A node and both ways of running llama-server, side by side. */
import { type Bench, FILON } from '../bench.ts';
import { startNode } from '../programs/filon-node.ts';
import { llamaServerName, startLlamaServer } from '../programs/llama-server.ts';
import type { Served } from '../programs/served.ts';
import { type Goal, type Ratio, ratioOf, type Summary } from '../statistics.ts';

export interface Rivals extends AsyncDisposable {
  readonly served: Readonly<Record<string, Served>>;
}

export async function startRivals(bench: Bench): Promise<Rivals> {
  const { options, signal, model, filon, home, device } = bench;
  const { threads } = options;
  const binary = await bench.llamaServer();
  await using stack = new AsyncDisposableStack();
  const spec = { name: FILON, command: filon, home, model: model.name, device, threads };
  const served: Record<string, Served> = { [FILON]: stack.use(await startNode(spec, signal)) };
  for (const unified of [true, false]) {
    const server = await startLlamaServer({ binary, modelPath: model.path, threads, unified }, signal);
    served[llamaServerName(unified)] = stack.use(server);
  }
  const parts = stack.move();
  return { served, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Over the one of llama-server's two ways that did better here. */
export function overBetter(
  values: Readonly<Record<string, Summary>>,
  better: 'higher' | 'lower',
  goal: Goal | null,
): Ratio {
  const [one, two] = [llamaServerName(true), llamaServerName(false)];
  const above = (values[one]?.median ?? 0) > (values[two]?.median ?? 0);
  return ratioOf([FILON, above === (better === 'higher') ? one : two], values, goal);
}
