/** `filon keys ls`: the keys, their limits, and what was used with each. */
import type { KeyView } from '../../control/access-calls.ts';
import type { CommandModule } from '../context.ts';
import { countText, tableText } from '../format.ts';
import { momentText, withKeys } from '../key-work.ts';

export const keysLs: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const keys = await withKeys(cli, 'keys', (calls) => calls.keys({}, { signal: cli.signal }));
    cli.out.result(keys, keys.length === 0 ? 'No keys. `filon keys add NAME` makes one.' : listText(keys));
  },
};

const HEAD = [
  'NAME',
  'REQUESTS',
  'TOKENS',
  'MONEY',
  'A MINUTE',
  'MODELS',
  'TIER',
  'VALID UNTIL',
  'LAST USED',
];

function listText(keys: readonly KeyView[]): string {
  const rows = keys.map((key) => {
    const { usage } = key;
    const tokens = usage.promptTokens + usage.completionTokens;
    return [
      key.name,
      countText(usage.requests),
      ofBudget(countText(tokens), key.budgetTokens === null ? null : countText(key.budgetTokens)),
      ofBudget(usage.money, key.budgetMoney),
      key.requestsPerMinute === null ? 'any' : countText(key.requestsPerMinute),
      key.models?.join(',') ?? 'all',
      key.tier,
      key.expired ? 'expired' : key.expiresMs === null ? 'for ever' : momentText(key.expiresMs),
      momentText(usage.lastUsedMs),
    ];
  });
  return tableText([HEAD, ...rows]);
}

function ofBudget(used: string, budget: string | null): string {
  return budget === null ? used : `${used} of ${budget}`;
}
