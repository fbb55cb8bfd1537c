/** `filon status`: how the node is. */

import { formatBytes } from '@filon/core/units';
import type { NodeStatus } from '../../control/calls.ts';
import type { CommandModule } from '../context.ts';
import { countText, durationText } from '../format.ts';
import { swarmLines } from '../swarm-words.ts';

export const status: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const node = await cli.control.status({}, { signal: cli.signal });
    cli.out.result(node, statusText(node));
  },
};

function statusText(node: NodeStatus): string {
  const { engine, serving } = node;
  const workers = engine.workers.map((worker) => {
    const deaths = worker.deaths === 0 ? '' : `, died ${worker.deaths} times`;
    return `${worker.device} ${worker.state}${worker.pid === null ? '' : ` (process ${worker.pid})`}${deaths}`;
  });
  return [
    `Node        ${node.state}, process ${node.pid}, up ${durationText(node.uptimeSeconds * 1000)}, ${formatBytes(node.residentBytes)} resident`,
    `API         ${[node.url, ...node.lanUrls].map((url) => `${url}/v1`).join(', ')}`,
    ...(node.fingerprint === null ? [] : [`Certificate ${node.fingerprint} (sha256)`]),
    `Answers     ${node.ready ? 'ready' : `not ready: ${node.reason}`}`,
    `Models      ${serving.loaded.join(', ') || 'none in memory'}`,
    `Workers     ${workers.join('; ') || 'none'}`,
    `Requests    ${serving.active} in work, ${serving.queued} of ${serving.queueMax} waiting, ${countText(serving.admitted)} so far, ${countText(serving.refused)} refused`,
    `Tokens      ${countText(engine.counters.promptTokens)} read (${countText(engine.counters.cachedTokens)} from the cache), ${countText(engine.counters.generatedTokens)} written`,
    ...swarmLines(node),
    `Home        ${node.home}`,
    `Version     ${node.version}`,
  ].join('\n');
}
