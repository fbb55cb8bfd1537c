/** Turns texts into a model's tokens, and conversations into its text. Adapters: a worker (GGUF models), bytes. */
import type { ChatTurn } from '@filon/core/training/item';

export interface TextTokenizer {
  /** Of the tokenizer and its chat template: sha256 in hex. */
  readonly id: string;
  readonly vocabularySize: number;
  /** The token that ends a text. */
  readonly endOfText: number;
  /** The token that every text begins with; null for models that have none. */
  readonly beginOfText: number | null;
  /** Without beginnings and ends. `special`: whether the names of special tokens are read as such. */
  tokenize(
    texts: readonly string[],
    options: { special: boolean; signal: AbortSignal },
  ): Promise<Int32Array[]>;
  /** By the model's chat template. Rejects for models without one. Codes: TEMPLATE_*. */
  render(
    messages: readonly ChatTurn[],
    options: { generationPrompt: boolean; signal: AbortSignal },
  ): Promise<string>;
}

/** Tokenizers of model files. */
export interface Tokenizers {
  /** Codes: GGUF_*, TRAIN_PROCESS_DIED. */
  open(path: string, options: { signal: AbortSignal }): Promise<TextTokenizer & AsyncDisposable>;
}
