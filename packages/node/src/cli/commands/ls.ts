/** `filon ls`: the models that are here, and those that could be. */

import { formatBytes } from '@filon/core/units';
import type { ModelList } from '../../control/calls.ts';
import { ensureHome } from '../../home/paths.ts';
import type { CommandModule } from '../context.ts';
import { countText, tableText } from '../format.ts';
import { withModels } from '../model-work.ts';

export const ls: CommandModule = {
  define: (command) => {
    command.option('--all', 'also those of the catalogue that are not here');
  },
  run: async (cli) => {
    ensureHome(cli.paths);
    const list = await withModels(cli, 'ls', (calls) => calls.models({}, { signal: cli.signal }));
    const { stored, elsewhere } = list;
    const shown = cli.options.flag('all') ? list : { stored, elsewhere };
    cli.out.result(shown, listText(list, cli.options.flag('all')));
  },
};

function listText(list: ModelList, all: boolean): string {
  const stored = list.stored.map((model) => [
    model.name,
    formatBytes(model.bytes),
    `${model.architecture} ${model.quantization}${model.lora === undefined ? '' : ' + LoRA'}`,
    model.licence ?? 'unknown',
    model.loaded ? 'in memory' : '',
  ]);
  const here = tableText([['NAME', 'SIZE', 'KIND', 'LICENCE', ''], ...stored]);
  const first = stored.length === 0 ? 'No models here. `filon pull smollm2-135m` fetches a small one.' : here;
  const there = list.elsewhere
    .filter(({ sha256 }) => !list.stored.some((model) => model.sha256 === sha256))
    .map(({ name, contextTokens, tier, upstream }) => [
      ...[name, contextTokens === 0 ? 'not known' : `${countText(contextTokens)} tokens`, tier],
      upstream === true ? 'upstream' : '',
    ]);
  const served =
    there.length === 0
      ? first
      : `${first}\n\n${tableText([['SERVED BY OTHERS', 'CONTEXT', 'TIER', ''], ...there])}`;
  if (!all) return served;
  const names = new Set(list.stored.map((model) => model.name));
  const others = list.catalogue
    .filter((entry) => !names.has(entry.name))
    .map((entry) => [
      entry.name,
      formatBytes(entry.bytes),
      formatBytes(entry.memoryBytes),
      entry.licence,
      entry.tried ? '' : 'not tried yet',
    ]);
  return `${served}\n\n${tableText([['CAN BE PULLED', 'SIZE', 'MEMORY', 'LICENCE', ''], ...others])}`;
}
