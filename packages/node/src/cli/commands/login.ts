/** `filon login`: a link that lets one browser in, with control; and the browsers that are in. */
import type { BrowserView } from '../../control/access-calls.ts';
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';
import { momentText, withKeys } from '../key-work.ts';

export const login: CommandModule = {
  define: (command) => {
    command
      .option('--list', 'list the browsers that are in')
      .option('--end <id>', 'send one of them out')
      .option('--end-all', 'send all of them out');
  },
  run: async (cli) => {
    const { options, signal } = cli;
    const id = options.text('end') ?? null;
    if (options.flag('list')) {
      const browsers = await withKeys(cli, 'login', (calls) => calls.browsers({}, { signal }));
      cli.out.result(browsers, listText(browsers));
    } else if (id !== null || options.flag('endAll')) {
      const { ended } = await withKeys(cli, 'login', (calls) => calls.endBrowsers({ id }, { signal }));
      cli.out.result({ ended }, `${ended.length} ${ended.length === 1 ? 'browser is' : 'browsers are'} out.`);
    } else {
      const link = await cli.control.login({}, { signal });
      cli.out.result(link, link.url);
      cli.out.say(
        'Open it in a browser on this machine, once, within ten minutes. Who has it can control the node.',
      );
    }
  },
};

function listText(browsers: readonly BrowserView[]): string {
  if (browsers.length === 0) return 'No browser is in. `filon login` and `filon pair` let one in.';
  const may = { login: 'chat and control', pairing: 'chat' };
  const rows = browsers.map(({ id, kind, createdMs, expiresMs }) => [
    ...[id, may[kind], momentText(createdMs), momentText(expiresMs)],
  ]);
  return tableText([['ID', 'MAY', 'IN SINCE', 'UNTIL'], ...rows]);
}
