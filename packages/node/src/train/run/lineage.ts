/** What a result says of itself: name, licences, and where it is from, as keys of its GGUF file (docs/protocol/checkpoint.md). */
import type { DataManifest } from '@filon/core/training/data/manifest';
import type { RunRecord } from '@filon/core/training/run';

export function lineage(
  { id, recipe, recipeSha256, manifest, base }: RunRecord,
  data: DataManifest,
  { step, checkpoint }: { step: number; checkpoint: string },
): Record<string, string> {
  const { model, disclaimer } = recipe;
  const used = data.sources.filter(({ use }) => use === 'data');
  const ofBase = model.kind === 'base' ? [model.licence] : [];
  const licences = [...new Set([...ofBase, ...used.map(({ licence }) => licence)])];
  const obliges = model.kind === 'base' ? model.obliges : [];
  return {
    'general.name': id,
    'general.license': licences.join(' AND '),
    'filon.run': id,
    'filon.recipe': recipe.name,
    'filon.recipe.sha256': recipeSha256,
    'filon.data.manifest': manifest ?? '',
    'filon.data.origins': [...new Set(used.map(({ origin }) => origin ?? ''))].slice(0, 32).join('\n'),
    'filon.steps': String(step),
    'filon.checkpoint': checkpoint,
    'filon.disclaimer': disclaimer.en,
    ...(base === null ? {} : { 'general.base_model.0.name': base.name, 'filon.base.sha256': base.sha256 }),
    ...(obliges.length === 0 ? {} : { 'filon.license.obliges': obliges.join('\n') }),
  };
}
