/** `filon config set`: keeps a setting in the home. */
import { readConfigFile, writeConfigFile } from '../../config/file.ts';
import { asSetting, checkSetting } from '../../config/load.ts';
import { SETTINGS } from '../../config/settings.ts';
import { ensureHome } from '../../home/paths.ts';
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';

export const configSet: CommandModule = {
  define: (command) => {
    command
      .argument('<setting>', 'as `filon config` names it')
      .argument('<value>')
      .addHelpText('after', examples(['filon config set contextTokens 4096', '']));
  },
  run: async (cli) => {
    const [typed = '', text = ''] = cli.args;
    const name = asSetting(typed, 'This command');
    const value = SETTINGS[name].fromText(text);
    checkSetting(name, value, 'This command');
    ensureHome(cli.paths);
    writeConfigFile(cli.paths.config, { ...readConfigFile(cli.paths.config), [name]: value });
    cli.out.result({ name, value }, `${name} is ${value} from the next \`filon up\` on.`);
  },
};
