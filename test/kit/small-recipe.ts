/** A recipe that a processor trains in a second or two, on a text that is made up beside it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recipe } from '@filon/core/training/recipe';

type Part<T> = { [K in keyof T]?: T[K] | undefined };

export interface SmallChanges {
  /** A model that is there: a LoRA on it, under this name. */
  base?: { model: string; name: string } | undefined;
  training?: Part<Recipe['training']>;
  evaluation?: Part<Recipe['evaluation']>;
}

const WORDS = ['the', 'rig', 'sits', 'in', 'a', 'cold', 'room', 'and', 'learns', 'to', 'answer', 'slowly'];

const FRESH = {
  ...{ kind: 'architecture', family: 'llama', layers: 1, width: 32, heads: 2, kvHeads: 2 },
  ...{ feedForward: 64, context: 256, vocabulary: 'bytes' },
};

/** Sentences of a few words in all orders; none twice. */
function sentences(count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const words = Array.from({ length: 8 }, (_none, place) => WORDS[(at * (place + 1) + place * place) % 12]);
    return `${at}: ${words.join(' ')}.`;
  });
}

/** The path of the recipe, in a folder of its own below `folder`. */
export function writeSmallRecipe(folder: string, { base, training, evaluation }: SmallChanges = {}): string {
  const place = join(folder, 'recipe');
  mkdirSync(place, { recursive: true });
  const lines = sentences(240).map((text) => JSON.stringify({ text }));
  writeFileSync(join(place, 'texts.jsonl'), lines.join('\n'));
  writeFileSync(join(place, 'general.txt'), 'Snow fell on the quiet harbour all night long. '.repeat(8));
  const choices = sentences(6).map((text) => ({
    ...{ prompt: text.slice(0, 12), completion: text.slice(12) },
    ...{ choices: [text.slice(12), '%%% ### @@@ ~~~'], answer: text.slice(12) },
  }));
  writeFileSync(join(place, 'choices.jsonl'), choices.map((item) => JSON.stringify(item)).join('\n'));
  const name = base?.name ?? 'small';
  const words = { en: 'made by a test', es: 'hecho por una prueba' };
  const recipe = {
    ...{ version: 1, name, title: words, description: words, disclaimer: words },
    model: base === undefined ? FRESH : { kind: 'base', name: base.model, licence: 'CC0-1.0' },
    method: base === undefined ? { kind: 'full' } : { kind: 'lora', rank: 4, alpha: 8 },
    data: {
      sources: [{ name: 'texts', source: 'file:texts.jsonl', licence: 'CC0-1.0', origin: 'made by a test' }],
      ...{ heldOutShare: 0.1, validationShare: 0.1 },
    },
    training: {
      ...{ steps: 24, sequences: 2, length: 64, learningRate: 0.02, schedule: 'constant', weightDecay: 0 },
      ...{ checkpointEverySteps: 5, keepCheckpoints: 2, precision: 'f32' },
      ...training,
    },
    evaluation: {
      ...{ everySteps: 8, generalText: 'general.txt', multipleChoice: 'choices.jsonl' },
      ...evaluation,
    },
  };
  const path = join(place, `${name}.json`);
  writeFileSync(path, JSON.stringify(recipe));
  return path;
}
