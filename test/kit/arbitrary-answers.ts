/** Answers as models might give them, in pieces. */
import type { Chunk } from '@filon/core/serving/completion';
import fc from 'fast-check';

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const pieces = fc.array(words, { minLength: 1, maxLength: 4 });
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const input = fc.dictionary(words, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });

type Part =
  | { kind: 'delta' | 'reasoning'; texts: string[] }
  | { kind: 'call'; name: string; input: Record<string, unknown>; cut: number }
  | { kind: 'pause' };

const said = fc.record({ kind: fc.constantFrom('delta' as const, 'reasoning' as const), texts: pieces });
const called = fc.record({ kind: fc.constant('call' as const), name, input, cut: fc.nat(40) });
const paused = fc.constant<Part>({ kind: 'pause' });

/** Texts, thoughts and calls in any order; the chunks of a whole answer, with its usage. */
export const arbitraryAnswer: fc.Arbitrary<Chunk[]> = fc
  .tuple(fc.array(fc.oneof(said, called, paused), { maxLength: 8 }), fc.nat(9))
  .map(([parts, cachedTokens]) => chunksOf(parts, cachedTokens));

/** As models do it: thoughts, then text, then calls. */
export const arbitraryTurn: fc.Arbitrary<Chunk[]> = fc
  .tuple(fc.option(pieces), fc.option(pieces), fc.array(called, { maxLength: 3 }))
  .map(([thoughts, texts, calls]) => {
    const before: Part[] = [
      ...(thoughts === null ? [] : [{ kind: 'reasoning' as const, texts: thoughts }]),
      ...(texts === null ? [] : [{ kind: 'delta' as const, texts }]),
    ];
    return chunksOf([...before, ...calls], 0);
  });

function chunksOf(parts: readonly Part[], cachedTokens: number): Chunk[] {
  const chunks: Chunk[] = [];
  let calls = 0;
  for (const part of parts) {
    if (part.kind === 'pause') chunks.push({ kind: 'pause', choice: 0 });
    else if (part.kind === 'call') chunks.push(...callChunks(part, calls++));
    else {
      for (const text of part.texts) {
        const rest = part.kind === 'delta' ? { kind: part.kind, logprobs: [] } : { kind: part.kind };
        chunks.push({ choice: 0, text, ...rest });
      }
    }
  }
  const usage = { promptTokens: 20, cachedTokens, completionTokens: 10, reasoningTokens: 3 };
  chunks.push({ kind: 'end', choice: 0, reason: calls === 0 ? 'stop' : 'tool-calls' });
  chunks.push({ kind: 'usage', usage });
  return chunks;
}

function callChunks({ name, input, cut }: Extract<Part, { kind: 'call' }>, index: number): Chunk[] {
  const text = JSON.stringify(input);
  return [
    { kind: 'tool-call', choice: 0, index, id: `call_${index}`, name },
    { kind: 'tool-arguments', choice: 0, index, text: text.slice(0, cut) },
    { kind: 'tool-arguments', choice: 0, index, text: text.slice(cut) },
  ];
}

export async function* played(chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
  yield* chunks;
}
