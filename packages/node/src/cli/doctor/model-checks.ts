/** The stored models: whether their files are there and, with `--deep`, what they were. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { formatBytes } from '@filon/core/units';
import type { StoredModel } from '../../ports/models.ts';
import { withModels } from '../model-work.ts';
import { type Check, type CheckPlace, type Finding, fail, ok } from './finding.ts';

const models: Check = {
  name: 'models',
  run: async (place) => {
    const { cli } = place;
    const { stored } = await withModels(cli, 'doctor', (calls) => calls.models({}, { signal: cli.signal }));
    if (stored.length === 0) return [ok('models', 'none yet')];
    const findings: Finding[] = [];
    for (const model of stored) findings.push(await modelFinding(model, place));
    return findings;
  },
};

export const MODEL_CHECKS: readonly Check[] = [models];

async function modelFinding(model: StoredModel, place: CheckPlace): Promise<Finding> {
  const { name, source, lora } = model;
  const pull = lora === undefined ? name : `${source} --base ${lora.baseName}`;
  const again = `\`filon rm ${name}\`, then \`filon pull ${pull}\`.`;
  const bytes = statSync(model.path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return fail('model', `${model.name}: its file ${model.path} is gone`, again);
  if (bytes !== model.bytes) return fail('model', `${model.name}: ${bytes} bytes, not ${model.bytes}`, again);
  if (!place.deep) return ok('model', `${model.name}: ${formatBytes(bytes)}`);
  const sha256 = await hashOf(model, place);
  if (sha256 === (model.lora?.sha256 ?? model.sha256))
    return ok('model', `${model.name}: ${formatBytes(bytes)}, hash checked`);
  return fail('model', `${model.name}: the file has changed (sha256 ${sha256})`, again);
}

async function hashOf(model: StoredModel, { cli }: CheckPlace): Promise<string> {
  const line = cli.out.progress();
  const hash = createHash('sha256');
  let done = 0;
  try {
    await pipeline(
      createReadStream(model.path),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          hash.update(piece);
          done += piece.length;
          line.update({ label: `hashing ${model.name}`, done, total: model.bytes, unit: 'bytes' });
        }
      },
      { signal: cli.signal },
    );
  } finally {
    line.end();
  }
  return hash.digest('hex');
}
