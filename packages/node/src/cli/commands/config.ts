/** `filon config`: every setting, its value, where that came from, and what it means. */
import { type LoadedConfig, variableName } from '../../config/load.ts';
import { SETTING_NAMES, SETTINGS } from '../../config/settings.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { addSettingFlags } from '../settings-flags.ts';

export const config: CommandModule = {
  define: (command) => {
    command.addHelpText(
      'after',
      examples(
        ['filon config', 'all settings'],
        ['filon config set port 8080', 'keep one in the home'],
        ['filon config unset port', 'go back to the default'],
      ),
    );
    addSettingFlags(command);
  },
  run: async (cli) => {
    const loaded = cli.config();
    const settings = SETTING_NAMES.map((name) => ({
      name,
      value: loaded.values[name],
      source: loaded.sources[name],
      default: SETTINGS[name].default,
      unit: SETTINGS[name].unit,
      allowed: SETTINGS[name].allowed,
      variable: variableName(name),
      doc: SETTINGS[name].doc,
    }));
    const file = cli.paths.config;
    cli.out.result({ home: cli.paths.home, file, settings, strangers: loaded.strangers }, text(cli, loaded));
  },
};

function text(cli: Cli, loaded: LoadedConfig): string {
  const blocks = SETTING_NAMES.map((name) => {
    const { unit, doc, allowed } = SETTINGS[name];
    const value = `${loaded.values[name]}${unit === null ? '' : ` ${unit}`}`;
    return `${name} = ${value}  (${loaded.sources[name]})\n    ${doc}\n    Allowed: ${allowed}. Environment: ${variableName(name)}.`;
  });
  const strangers = loaded.strangers.map((name) => `Note: the environment has ${name}, which is no setting.`);
  return [`Home: ${cli.paths.home}`, `File: ${cli.paths.config}`, ...strangers, '', ...blocks].join('\n');
}
