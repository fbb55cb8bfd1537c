/** The JSON Schema of recipes, for editors and other programs. */
import { z } from 'zod';
import { recipeSchema } from './recipe.ts';

/** Draft 2020-12. What must go together (`docs/protocol/recipe.md`, Rules) is not in it. */
export function recipeJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(recipeSchema, { io: 'input' }) };
}
