import { FilonError } from '@filon/core/errors';
import { expect, test } from 'vitest';
import type { CandidateArray, Llama } from '../ffi/llama.ts';
import { openGrammar } from './grammar.ts';
import type { Weights } from './weights.ts';

/** A library whose grammars take every token, until one costs too much. */
function library(apply: (candidates: CandidateArray) => void): { weights: Weights; open: () => number } {
  let open = 0;
  const llama: Partial<Llama> = {
    vocab: () => 1n,
    newGrammar: () => {
      open += 1;
      return 1n;
    },
    freeSampler: () => {
      open -= 1;
    },
    applySampler: (_, candidates) => apply(candidates),
    acceptToken: () => {},
  };
  return { weights: { llama, pointer: 1n } as unknown as Weights, open: () => open };
}

test('a grammar that fails while an answer is gone on with leaves nothing behind', () => {
  const slow = new FilonError({ code: 'ENGINE_GRAMMAR_TOO_SLOW' }, 'too slow');
  let applied = 0;
  const { weights, open } = library(() => {
    applied += 1;
    if (applied === 3) throw slow;
  });
  expect(() => openGrammar(weights, { source: 'root ::= "x"', tokens: [1, 2, 3] })).toThrow(slow);
  expect({ applied, open: open() }).toEqual({ applied: 3, open: 0 });
});

test('one that does not take what was answered is refused, and leaves nothing behind', () => {
  const { weights, open } = library(({ data }) => {
    (data as Float32Array)[1] = Number.NEGATIVE_INFINITY;
  });
  expect(() => openGrammar(weights, { source: 'root ::= "x"', tokens: [7] })).toThrow(
    /token 7 at generated position 0/,
  );
  expect(open()).toBe(0);
});

test('a grammar is there until it is closed', () => {
  const { weights, open } = library(() => {});
  const grammar = openGrammar(weights, { source: 'root ::= "x"', tokens: [1, 2] });
  expect(open()).toBe(1);
  grammar.close();
  expect(open()).toBe(0);
});
