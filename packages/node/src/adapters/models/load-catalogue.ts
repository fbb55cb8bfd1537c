/** Reads the catalogue: the one that comes with the program, or the operator's own in the same form. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@filon/core/errors';
import { type CatalogueEntry, catalogueSchema } from '@filon/core/model/catalogue';
import { catalogueInvalid } from '@filon/core/model/errors';
import { parseSource } from '@filon/core/model/source';

const BUNDLED = fileURLToPath(new URL('../../../catalogue.json', import.meta.url));

/** Codes: MODEL_CATALOGUE_INVALID. */
export async function loadCatalogue(path: string = BUNDLED): Promise<CatalogueEntry[]> {
  try {
    const entries = catalogueSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    for (const entry of entries) for (const source of entry.sources) parseSource(source);
    return entries;
  } catch (error) {
    throw catalogueInvalid(path, messageOf(error), error);
  }
}
