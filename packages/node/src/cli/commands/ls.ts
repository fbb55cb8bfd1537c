/** `filon ls`: the models that are here, and those that could be. */

import { formatBytes } from '@filon/core/units';
import { upstreamHost } from '@filon/core/upstream/address';
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
    const { stored, elsewhere, upstreams } = list;
    const shown = cli.options.flag('all') ? list : { stored, elsewhere, upstreams };
    cli.out.result(shown, listText(list, cli.options.flag('all')));
  },
};

function listText(list: ModelList, all: boolean): string {
  const tables = [hereText(list), upstreamText(list), elsewhereText(list), all ? catalogueText(list) : ''];
  return tables.filter((text) => text !== '').join('\n\n');
}

function hereText({ stored, upstreams }: ModelList): string {
  if (stored.length === 0) {
    return upstreams.length > 0
      ? 'No models here.'
      : 'No models here. `filon pull smollm2-135m` fetches a small one.';
  }
  const rows = stored.map((model) => [
    model.name,
    formatBytes(model.bytes),
    `${model.architecture} ${model.quantization}${model.lora === undefined ? '' : ' + LoRA'}`,
    model.licence ?? 'unknown',
    model.loaded ? 'in memory' : '',
  ]);
  return tableText([['NAME', 'SIZE', 'KIND', 'LICENCE', ''], ...rows]);
}

function upstreamText({ upstreams }: ModelList): string {
  if (upstreams.length === 0) return '';
  const rows = upstreams.map(({ name, url, tier, state }) => [name, upstreamHost(url), tier, state]);
  return tableText([['BY UPSTREAMS', 'AT', 'TIER', 'STATE'], ...rows]);
}

function elsewhereText({ stored, elsewhere }: ModelList): string {
  const rows = elsewhere
    .filter(({ sha256 }) => !stored.some((model) => model.sha256 === sha256))
    .map(({ name, contextTokens, tier, upstream }) => [
      ...[name, contextTokens === 0 ? 'not known' : `${countText(contextTokens)} tokens`, tier],
      upstream === true ? 'upstream' : '',
    ]);
  return rows.length === 0 ? '' : tableText([['SERVED BY OTHERS', 'CONTEXT', 'TIER', ''], ...rows]);
}

function catalogueText({ stored, catalogue }: ModelList): string {
  const names = new Set(stored.map((model) => model.name));
  const rows = catalogue
    .filter((entry) => !names.has(entry.name))
    .map((entry) => [
      entry.name,
      formatBytes(entry.bytes),
      formatBytes(entry.memoryBytes),
      entry.licence,
      entry.tried ? '' : 'not tried yet',
    ]);
  return tableText([['CAN BE PULLED', 'SIZE', 'MEMORY', 'LICENCE', ''], ...rows]);
}
