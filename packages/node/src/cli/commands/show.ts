/** `filon show`: everything about one model. */

import type { LoadedModel } from '@filon/core/serving/session';
import { formatBytes } from '@filon/core/units';
import type { ModelDetails } from '../../control/calls.ts';
import { ensureHome } from '../../home/paths.ts';
import type { StoredModel } from '../../ports/models.ts';
import type { CommandModule } from '../context.ts';
import { countText } from '../format.ts';
import { withModels } from '../model-work.ts';

export const show: CommandModule = {
  define: (command) => {
    command.argument('<model>', 'name, beginning of the sha256, or source');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    ensureHome(cli.paths);
    const details = await withModels(cli, 'show', (calls) => calls.show({ name }, { signal: cli.signal }));
    cli.out.result(details, detailsText(details));
  },
};

function detailsText({ name, stored, catalogue, loaded, elsewhere }: ModelDetails): string {
  const rows: [string, string][] = [['Name', name]];
  if (catalogue !== null) rows.push(['Title', catalogue.title]);
  rows.push(['Licence', stored?.licence ?? catalogue?.licence ?? 'unknown']);
  rows.push([
    'Kind',
    [stored?.architecture ?? catalogue?.architecture, stored?.quantization].join(' ').trim(),
  ]);
  if (stored !== null) {
    rows.push(
      ...loraRows(stored),
      ['Parameters', countText(stored.parameters)],
      ['Size', formatBytes(stored.bytes)],
      ['Context', `${countText(stored.trainedContextTokens)} tokens, as it was trained`],
      ['sha256', stored.sha256],
      ['File', stored.path],
      ['From', stored.source],
    );
  } else if (catalogue !== null) {
    rows.push(
      ['Size', formatBytes(catalogue.bytes)],
      ['Context', `${countText(catalogue.contextTokens)} tokens`],
      ['Sources', catalogue.sources.join(', ')],
      [
        'Here',
        `no; \`filon pull ${name}\` fetches it${catalogue.tried ? '' : ' (nobody has tried this download yet)'}`,
      ],
    );
  }
  if (catalogue !== null)
    rows.push(['Memory', `${formatBytes(catalogue.memoryBytes)} with a context of 8,192 tokens`]);
  if (elsewhere !== null) {
    const by = elsewhere.upstream === true ? ' by upstreams of theirs' : '';
    rows.push(['Elsewhere', `ready on other nodes${by}, in the tier ${elsewhere.tier}`]);
  }
  if (loaded !== null) {
    rows.push(['Loaded', `on ${loaded.device}, ${loaded.mode}, ${roomText(loaded)}`]);
  }
  return rows.map(([label, value]) => `${label.padEnd(11)} ${value}`).join('\n');
}

function loraRows({ lora }: StoredModel): [string, string][] {
  if (lora === undefined) return [];
  return [
    ['LoRA', `of rank ${lora.rank}, sha256 ${lora.sha256}`],
    ['Base', `${lora.baseName}, sha256 ${lora.base}`],
    ['Trained on', lora.trainedOn ?? 'not said'],
  ];
}

/** The sessions of fast mode have one context together, those of exact mode one each. */
function roomText({ mode, sessionsMax, contextTokens }: LoadedModel): string {
  const tokens = `${countText(contextTokens)} tokens`;
  if (sessionsMax === 1) return `1 session of ${tokens}`;
  return mode === 'fast'
    ? `${sessionsMax} sessions that share ${tokens}`
    : `${sessionsMax} sessions of ${tokens} each`;
}
