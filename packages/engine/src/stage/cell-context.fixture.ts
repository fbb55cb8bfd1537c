/**
 * A context without a model: it keeps the cells of each sequence, insists that rows come at the next position, and gives
 * logits that are a function of exactly what a sequence holds. Whoever mixes cells up gets other tokens, or a broken
 * invariant.
 */
import { invariant } from '@filon/core/errors';
import type { Context } from './context.ts';
import type { Weights } from './weights.ts';

export const VOCAB_TOKENS = 64;
export const END_TOKEN = 1;

interface Row {
  token: number;
  position: number;
  sequence: number;
  output: boolean;
}

export interface CellContext extends Context {
  /** Decodes so far, and rows in them. */
  readonly decodes: number;
  readonly computedRows: number;
}

export interface CellSpec {
  sequences: number;
  /** Cells over all sequences. */
  cells: number;
  sequenceTokensMax: number;
  rowsMax: number;
  /** Awaited in the middle of each decode. */
  onDecode?: () => Promise<void>;
}

/** The token that follows `tokens`: any reader can compute the whole answer with it. */
export function nextToken(tokens: readonly number[]): number {
  let hash = 17;
  for (const token of tokens) hash = (Math.imul(hash, 31) + token + 7) >>> 0;
  return 2 + ((hash >>> 5) % (VOCAB_TOKENS - 2));
}

export function createCellContext(spec: CellSpec): CellContext {
  const cells = Array.from({ length: spec.sequences }, (): number[] => []);
  let rows: Row[] = [];
  let outputs = new Map<number, Float32Array>();
  let decodes = 0;
  let computedRows = 0;
  const apply = (): number => {
    const used = cells.reduce((sum, held) => sum + held.length, 0);
    if (used + rows.length > spec.cells) return 1;
    outputs = new Map();
    for (const [index, row] of rows.entries()) {
      const held = cells[row.sequence] as number[];
      invariant(row.position === held.length, `position ${row.position} follows ${held.length} cells`);
      held.push(row.token);
      if (!row.output) continue;
      const logits = new Float32Array(VOCAB_TOKENS);
      logits[nextToken(held)] = 10;
      outputs.set(index, logits);
    }
    return 0;
  };
  return {
    sequenceTokensMax: spec.sequenceTokensMax,
    rowsMax: spec.rowsMax,
    get rows() {
      return rows.length;
    },
    get decodes() {
      return decodes;
    },
    get computedRows() {
      return computedRows;
    },
    add: (token, position, sequence, output) => rows.push({ token, position, sequence, output }) - 1,
    setThreads: () => undefined,
    clearRows: () => {
      rows = [];
    },
    decode: async () => {
      // As a real decode does, this one lets the event loop turn.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await spec.onDecode?.();
      const status = apply();
      decodes += 1;
      if (status === 0) computedRows += rows.length;
      return status;
    },
    logits: (index) => {
      const logits = outputs.get(index);
      invariant(logits !== undefined, `row ${index} was an output`);
      return logits;
    },
    embedding: () => new Float32Array(0),
    trim: (sequence, from) => {
      const held = cells[sequence] as number[];
      held.length = Math.min(held.length, from);
      return true;
    },
    copy: (source, target, tokens) => {
      cells[target] = (cells[source] as number[]).slice(0, tokens);
    },
    close: () => undefined,
  };
}

/** A vocabulary in which token n is the letter with number n. */
export function letterWeights(): Pick<Weights, 'vocabTokens' | 'piece' | 'isEnd' | 'canTrim' | 'generates'> {
  return {
    vocabTokens: VOCAB_TOKENS,
    piece: (token) => Uint8Array.of(64 + token),
    isEnd: (token) => token === END_TOKEN,
    canTrim: true,
    generates: true,
  };
}
