/**
 * A call that begins with the tool's name, so that its arguments can be passed on while they come. A JSON call whose
 * parts come in another order is held back whole instead.
 */
import { isObject } from '../../schema/json.ts';
import { HELD_CALL_CHARS_MAX, TAIL_CHARS_MAX } from '../limits.ts';
import type { CallReader, Step } from './call-reader.ts';
import { type Head, matchHeads } from './head.ts';
import { JsonScan } from './json-scan.ts';
import type { Pieces } from './pieces.ts';

export interface CallShape {
  heads: readonly Head[];
  /** Reads the arguments, from after the head. */
  openArguments: (name: string, out: Pieces) => CallReader;
  /** An object around the arguments is still open behind them. */
  enclosed: boolean;
  /** A call in another order is waited for and parsed as JSON. */
  anyOrder: boolean;
  /** The mark that ends a call, even one that is not complete. */
  close: string | null;
}

export class HeadedCall implements CallReader {
  readonly #shape: CallShape;
  readonly #names: ReadonlySet<string>;
  readonly #out: Pieces;
  #held = '';
  #state: 'head' | 'whole' | 'arguments' | 'tail' = 'head';
  #arguments: CallReader | null = null;
  #scan = new JsonScan();

  constructor(shape: CallShape, names: ReadonlySet<string>, out: Pieces) {
    this.#shape = shape;
    this.#names = names;
    this.#out = out;
  }

  /** Whether the call went out already. */
  get begun(): boolean {
    return this.#state === 'arguments' || this.#state === 'tail';
  }

  get unshown(): string {
    return this.#state === 'arguments' ? (this.#arguments?.unshown ?? '') : this.#held;
  }

  take(char: string): Step {
    if (this.#state === 'arguments') return this.#takeArguments(char);
    if (this.#state === 'tail') return this.#takeTail(char);
    if (this.#state === 'whole') return this.#takeWhole(char);
    return this.#takeHead(char);
  }

  end(): 'done' | 'failed' {
    if (this.#state === 'arguments') return this.#arguments?.end() ?? 'done';
    return this.#state === 'tail' && this.#held.trim() === '' ? 'done' : 'failed';
  }

  #takeHead(char: string): Step {
    const held = this.#held + char;
    const match = matchHeads(this.#shape.heads, held, this.#names);
    if (typeof match === 'object') {
      this.#held = '';
      this.#state = 'arguments';
      this.#out.call(match.name);
      this.#arguments = this.#shape.openArguments(match.name, this.#out);
      return 'more';
    }
    if (match === 'partial') {
      this.#held = held;
      return 'more';
    }
    if (!this.#shape.anyOrder || !held.trimStart().startsWith('{')) return 'failed';
    this.#state = 'whole';
    for (const each of this.#held) this.#scan.take(each);
    return this.#takeWhole(char);
  }

  #takeArguments(char: string): Step {
    const step = this.#arguments?.take(char) ?? 'failed';
    if (step === 'more' || (step === 'done' && !this.#shape.enclosed)) return step;
    const { close } = this.#shape;
    if (step === 'failed' && (close === null || !close.startsWith(char))) return 'failed';
    this.#state = 'tail';
    this.#scan = new JsonScan(1);
    return step === 'failed' ? this.#takeTail(char) : 'more';
  }

  #takeTail(char: string): Step {
    const { close } = this.#shape;
    const held = this.#held + char;
    if (this.#scan.take(char) || (close !== null && held.endsWith(close))) {
      this.#held = '';
      return 'done';
    }
    const first = held.trimStart().charAt(0);
    if (held.length > TAIL_CHARS_MAX || !['', ',', close?.charAt(0)].includes(first)) return 'failed';
    this.#held = held;
    return 'more';
  }

  #takeWhole(char: string): Step {
    const { close } = this.#shape;
    const held = this.#held + char;
    const closed = this.#scan.take(char);
    const ended = char === close?.at(-1) && !this.#scan.inString && held.endsWith(close);
    if (held.length > HELD_CALL_CHARS_MAX || ended) return 'failed';
    if (!closed) {
      this.#held = held;
      return 'more';
    }
    const call = callOf(held, this.#names);
    if (call === null) return 'failed';
    this.#held = '';
    this.#state = 'tail';
    this.#out.call(call.name);
    this.#out.add('tool-arguments', call.text);
    return 'done';
  }
}

/** A call from its JSON text in whatever order, or null. */
function callOf(text: string, names: ReadonlySet<string>): { name: string; text: string } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const inner = isObject(value['function']) ? value['function'] : value;
  const { name } = inner;
  if (typeof name !== 'string' || !names.has(name)) return null;
  const given = inner['arguments'] ?? inner['parameters'] ?? {};
  if (typeof given === 'string') return { name, text: given };
  return isObject(given) ? { name, text: JSON.stringify(given) } : null;
}
