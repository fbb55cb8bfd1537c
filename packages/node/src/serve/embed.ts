/** Embeds inputs in batches that can be left between two calls of the engine. */
import type { Prompt } from '@filon/core/serving/completion';
import type { TokenizedPrompt } from '@filon/core/serving/session';
import { EMBED_BATCH_TEXTS } from './limits.ts';

export interface EmbedDeps {
  tokenize: (input: Prompt) => Promise<Pick<TokenizedPrompt, 'tokens'>>;
  embed: (texts: readonly Int32Array[]) => Promise<Float32Array[]>;
}

export interface Embedded {
  vectors: Float32Array[];
  promptTokens: number;
}

/** All inputs are tokenized before the first is computed, so that one that cannot fit costs nothing. */
export async function embedInputs(inputs: readonly Prompt[], deps: EmbedDeps): Promise<Embedded> {
  const texts: Int32Array[] = [];
  for (const input of inputs) texts.push((await deps.tokenize(input)).tokens);
  const vectors: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += EMBED_BATCH_TEXTS) {
    vectors.push(...(await deps.embed(texts.slice(from, from + EMBED_BATCH_TEXTS))));
  }
  return { vectors, promptTokens: texts.reduce((sum, { length }) => sum + length, 0) };
}
