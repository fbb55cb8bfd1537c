/** A flag for every setting, for the commands that start a node. */
import { type Command, Option } from 'commander';
import { flagName } from '../config/load.ts';
import { SETTING_NAMES, SETTINGS } from '../config/settings.ts';

const GROUP = 'Settings, over the environment and the file:';

export function addSettingFlags(command: Command): void {
  for (const name of SETTING_NAMES) {
    const { doc, unit, default: standard } = SETTINGS[name];
    const option = new Option(`--${flagName(name)} <${unit ?? 'value'}>`, `${doc} (${standard})`);
    command.addOption(option.helpGroup(GROUP));
  }
  command.addOption(new Option('--no-tls', 'the same as --tls off').helpGroup(GROUP));
}
