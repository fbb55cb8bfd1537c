/** `filon trust ls`: the operators that are trusted. */
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';
import { momentText } from '../key-work.ts';
import { withTrust } from '../trust-work.ts';

export const trustLs: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const list = await withTrust(cli, (calls) => calls.trusted({}, { signal: cli.signal }));
    const rows = list.map(({ name, addedMs, operator }) => [name, momentText(addedMs), operator]);
    const none = 'Nobody is trusted. `filon trust add OPERATOR` adds one.';
    cli.out.result(list, list.length === 0 ? none : tableText([['OPERATOR', 'SINCE', 'KEY'], ...rows]));
  },
};
