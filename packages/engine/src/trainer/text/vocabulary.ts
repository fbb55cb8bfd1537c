/** A model's tokenizer and chat template without its weights, for data that is prepared to train it. */
import { createHash } from 'node:crypto';
import { dialectOf } from '@filon/core/dialect/dialect';
import { templateInput } from '@filon/core/dialect/template-input';
import { FilonError } from '@filon/core/errors';
import type { ChatTurn } from '@filon/core/training/item';
import type { EngineErrorDetails } from '../../errors.ts';
import { loadBackends } from '../../ffi/backends.ts';
import { openLibrarySet } from '../../ffi/library-set.ts';
import { type Llama, openLlama } from '../../ffi/llama.ts';
import { openTemplateRenderer } from '../../template/template-renderer.ts';
import { openModelFile } from '../files/read-model.ts';

/** What families call the token that ends a text; their `eos` ends a turn where a model was made to chat. */
const TEXT_ENDS = ['<|endoftext|>', '<|end_of_text|>'];

export interface VocabularyFacts {
  /** sha256 of everything in the file that decides about tokens. */
  id: string;
  vocabularySize: number;
  endOfText: number;
  /** null: texts begin without one. */
  beginOfText: number | null;
}

export interface Vocabulary {
  facts: VocabularyFacts;
  /** Without beginnings and ends. */
  tokenize: (texts: readonly string[], special: boolean) => Int32Array[];
  /** Codes: TEMPLATE_*, ENGINE_MODEL_UNSUPPORTED. */
  render: (
    messages: readonly ChatTurn[],
    options: { generationPrompt: boolean; signal: AbortSignal },
  ) => Promise<string>;
}

/** @throws GGUF_*, TRAIN_MODEL_UNSUPPORTED, ENGINE_LOAD_FAILED */
export async function openVocabulary(libraryDirectory: string, path: string): Promise<Vocabulary> {
  const id = await vocabularyId(path);
  const set = openLibrarySet(libraryDirectory);
  loadBackends(set, ['cpu']);
  const llama = openLlama(set);
  llama.backendInit();
  const pointer = await loadVocabulary(llama, path);
  const vocab = llama.vocab(pointer);
  const mark = (token: number): string => (token < 0 ? '' : (llama.tokenText(vocab, token) ?? ''));
  const begin = llama.beginToken(vocab);
  const end = llama.endToken(vocab);
  const template = llama.chatTemplate(pointer, null);
  const templates = openTemplateRenderer();
  return {
    facts: {
      id,
      vocabularySize: llama.vocabTokens(vocab),
      endOfText: textEnd(llama, vocab) ?? end,
      beginOfText: llama.addsBegin(vocab) && begin >= 0 ? begin : null,
    },
    tokenize: (texts, special) => texts.map((text) => tokenize(llama, vocab, { text, special })),
    render: async (messages, { generationPrompt, signal }) => {
      if (template === null) throw withoutTemplate(path);
      const input = templateInput(dialectOf(template), { kind: 'chat', messages });
      const marks = { bosToken: mark(begin), eosToken: mark(end) };
      return templates.render(
        { template, ...input, addGenerationPrompt: generationPrompt, ...marks },
        { signal },
      );
    },
  };
}

function textEnd(llama: Llama, vocab: bigint): number | null {
  for (const text of TEXT_ENDS) {
    const tokens = tokenize(llama, vocab, { text, special: true });
    if (tokens.length === 1) return tokens[0] ?? null;
  }
  return null;
}

async function vocabularyId(path: string): Promise<string> {
  await using file = await openModelFile(path);
  const hash = createHash('sha256');
  const keys = [...file.header.metadata.keys()].filter((key) => key.startsWith('tokenizer.'));
  for (const key of keys.toSorted()) {
    const value = (await file.readValue(key)) ?? new Uint8Array();
    hash.update(`${key} ${value.length}\n`).update(value);
  }
  return hash.digest('hex');
}

async function loadVocabulary(llama: Llama, path: string): Promise<bigint> {
  const params = { ...llama.modelDefaults(), vocab_only: true, n_gpu_layers: 0 };
  const pointer = await new Promise<bigint | null>((resolve, reject) => {
    llama.loadModel.async(path, params, (error, model) => (error ? reject(error) : resolve(model)));
  });
  if (pointer !== null) return pointer;
  throw new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_LOAD_FAILED', model: path, lines: [] },
    `llama.cpp could not read the tokenizer of ${path}.`,
  );
}

function tokenize(
  llama: Llama,
  vocab: bigint,
  { text, special }: { text: string; special: boolean },
): Int32Array {
  const bytes = Buffer.from(text, 'utf8');
  const attempt = (room: number): { tokens: Int32Array; count: number } => {
    const tokens = new Int32Array(room);
    return { tokens, count: llama.tokenize(vocab, bytes, bytes.length, tokens, room, false, special) };
  };
  let result = attempt(Math.ceil(bytes.length / 2) + 16);
  if (result.count < 0) result = attempt(-result.count);
  return result.tokens.slice(0, Math.max(0, result.count));
}

function withoutTemplate(model: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_MODEL_UNSUPPORTED', model, reason: 'no chat template' },
    'this model has no chat template, so conversations cannot be learned; train it on texts or on prompts with completions.',
  );
}
