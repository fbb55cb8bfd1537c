/** Tokenizers of model files, each in a process of its own: native code never meets a stranger's file in the node. */
import { findLibraryDirectory } from '@filon/engine/ffi/library-directory';
import { startTrainingProcess } from '@filon/engine/trainer/process/training-process';
import type { Tokenizers } from '../../ports/text-tokenizer.ts';

const CALL_TIMEOUT_MS = 300_000;
/** Texts of one message; more are sent one after the other. */
const TEXTS_MAX = 256;

export function createProcessTokenizers(config: { libraryDirectories: readonly string[] }): Tokenizers {
  return {
    open: async (path, { signal: opening }) => {
      const process = startTrainingProcess({
        libraryDirectory: findLibraryDirectory(config.libraryDirectories),
        ...{ device: 'cpu', backend: 'cpu', threads: 1 },
      });
      const waiting = (signal: AbortSignal) => ({ signal, timeoutMs: CALL_TIMEOUT_MS });
      try {
        const facts = await process.call('vocabulary', { path }, waiting(opening));
        return {
          ...facts,
          tokenize: async (texts, { special, signal }) => {
            const tokens: Int32Array[] = [];
            for (let at = 0; at < texts.length; at += TEXTS_MAX) {
              const some = { texts: texts.slice(at, at + TEXTS_MAX), special };
              tokens.push(...(await process.call('tokenize', some, waiting(signal))));
            }
            return tokens;
          },
          render: (messages, { generationPrompt, signal }) =>
            process.call('render', { messages, generationPrompt }, waiting(signal)),
          [Symbol.asyncDispose]: () => process.end(),
        };
      } catch (error) {
        await process.end();
        throw error;
      }
    },
  };
}
