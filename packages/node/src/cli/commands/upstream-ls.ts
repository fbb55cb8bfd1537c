/** `filon upstream ls`: the endpoints that joined as workers, and how they do. */
import { upstreamHost } from '@filon/core/upstream/address';
import type { UpstreamView } from '../../serve/upstream/places.ts';
import type { CommandModule } from '../context.ts';
import { rateText, tableText } from '../format.ts';

export const upstreamLs: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const upstreams = await cli.control.upstreams({}, { signal: cli.signal });
    const none = 'No upstreams. `filon upstream add URL --model NAME` lets one join.';
    cli.out.result(upstreams, upstreams.length === 0 ? none : tableText([HEAD, ...upstreams.map(rowOf)]));
  },
};

const HEAD = ['NAME', 'ID', 'AT', 'KIND', 'TIER', 'SERVES', 'STATE', 'IN WORK', 'FIRST TOKEN', 'TOKENS/S'];

function rowOf(upstream: UpstreamView): string[] {
  const {
    name,
    id,
    url,
    kind,
    tier,
    serves = 'own',
    state,
    reason,
    active,
    sessionsMax,
    firstTokenMs,
    rates,
  } = upstream;
  return [
    ...[name, id, upstreamHost(url), kind, tier, serves],
    state === 'up' ? 'up' : `down: ${reason}`,
    `${active} of ${sessionsMax}`,
    firstTokenMs === null ? '-' : `${Math.round(firstTokenMs)} ms`,
    rates.map(({ sessions, decode }) => `${rateText(decode)} (${sessions})`).join(', ') || '-',
  ];
}
