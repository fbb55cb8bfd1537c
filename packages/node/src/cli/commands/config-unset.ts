/** `filon config unset`: forgets what the home keeps of a setting. */
import { readConfigFile, writeConfigFile } from '../../config/file.ts';
import { ensureHome } from '../../home/paths.ts';
import type { CommandModule } from '../context.ts';

export const configUnset: CommandModule = {
  define: (command) => {
    command.argument('<setting>', 'as the file names it; also one that is no setting any more');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    ensureHome(cli.paths);
    const { [name]: old, ...rest } = readConfigFile(cli.paths.config);
    if (old !== undefined) writeConfigFile(cli.paths.config, rest);
    cli.out.result(
      { name, was: old ?? null },
      old === undefined ? `${name} was not set.` : `${name} is unset.`,
    );
  },
};
