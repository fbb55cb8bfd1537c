/** Answers in the store: their rows, texts and parts. */
import { FilonError, invariant } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import type { SessionEvent } from '@filon/core/serving/session';
import type { AnswerPartRow, AnswerRow, Store } from '../../ports/store.ts';
import type { DurableErrorDetails } from './errors.ts';
import { Holdings } from './holdings.ts';
import { type DurableLimits, PART_BYTES_MAX, PIECE_UNITS_MAX, RUNNING_RETRY_SECONDS } from './limits.ts';
import { below, numbered } from './names.ts';
import { bytesOf, decodeChunk, decodeEvent, encodeChunk } from './stored-form.ts';

/** `request` and `start` are kept while the answer runs. */
export type TextName = 'request' | 'start' | 'note';
/** Estimated. */
const ROW_BYTES = 512;

export type Ending = Pick<AnswerRow, 'state' | 'endedMs' | 'error'>;

export class AnswerShelf {
  readonly #store: Store;
  readonly #limits: DurableLimits;
  readonly #rows: Holdings;
  #lastOrder = 0;

  constructor(store: Store, limits: DurableLimits) {
    this.#store = store;
    this.#limits = limits;
    this.#rows = new Holdings(limits);
    const rows = store.list('answers').sort((a, b) => a.value.order - b.value.order);
    for (const { key, value } of rows) this.#remember(key, value);
  }

  get(key: string): Readonly<AnswerRow> | undefined {
    return this.#rows.get(key);
  }

  running(): [key: string, row: Readonly<AnswerRow>][] {
    return this.#rows.all().filter(([, { state }]) => state === 'running');
  }

  /** Codes: ANSWER_TOO_LARGE, ANSWER_ROOM_FULL, STORE_*. */
  add(key: string, row: Omit<AnswerRow, 'order' | 'bytes'>, texts: Readonly<Record<TextName, string>>): void {
    const lengths = Object.values(texts).map((text) => Buffer.byteLength(text));
    const bytes = lengths.reduce((sum, length) => sum + length, ROW_BYTES);
    if (bytes > this.#limits.answerBytesMax) throw tooLarge(this.#limits.answerBytesMax);
    const { keptOwnerBytesMax } = this.#limits;
    if (this.#rows.runningBytes(row.owner) + bytes > keptOwnerBytesMax) throw roomFull(keptOwnerBytesMax);
    const whole = { ...row, bytes, order: this.#lastOrder + 1 };
    const work = (): void => {
      this.#store.put('answers', key, whole);
      for (const [name, text] of Object.entries(texts)) this.#putText(`${key}/${name}`, text);
    };
    this.#store.transaction(work, { relaxed: true });
    this.#remember(key, whole);
    this.#makeRoom(row.owner);
  }

  /** Another process goes on with it. */
  restarted(key: string): void {
    const row = this.#known(key);
    const changed = { ...row, restarts: row.restarts + 1 };
    this.#store.put('answers', key, changed);
    this.#rows.set(key, changed);
  }

  /** To be called within the journal's transaction. */
  append(key: string, part: number, row: AnswerPartRow): void {
    this.#store.put('answerParts', `${key}/${numbered(part)}`, row);
  }

  /** It will never go on: what was needed for that is dropped. */
  end(key: string, ending: Ending, chunks: readonly Chunk[]): void {
    const row = this.#known(key);
    const bytes = ROW_BYTES + Buffer.byteLength(this.text(key, 'note')) + sumOf(chunks);
    const ended = { ...row, ...ending, bytes };
    const work = (): void => {
      this.#store.put('answers', key, ended);
      for (const name of ['request', 'start'])
        this.#store.deleteRange('answerTexts', below(`${key}/${name}`));
      this.#store.deleteRange('answerParts', below(key));
      partsOf(chunks).forEach((part, number) => void this.append(key, number, part));
    };
    this.#store.transaction(work, { relaxed: true });
    this.#rows.set(key, ended);
    this.#makeRoom(row.owner);
  }

  /** What its owner deletes stays deleted through a power cut; what makes room need not (`relaxed`). */
  remove(key: string, options: { relaxed: boolean } = { relaxed: false }): void {
    if (!this.#rows.get(key)) return;
    const work = (): void => {
      this.#store.delete('answers', key);
      this.#store.deleteRange('answerTexts', below(key));
      this.#store.deleteRange('answerParts', below(key));
    };
    this.#store.transaction(work, options);
    this.#rows.delete(key);
  }

  text(key: string, name: TextName): string {
    const pieces = this.#store.list('answerTexts', below(`${key}/${name}`));
    return pieces.map(({ value }) => value).join('');
  }

  chunks(key: string): Chunk[] {
    return this.#parts(key).flatMap(({ chunks }) => chunks.map(decodeChunk));
  }

  /** By choice; and the number that the next part gets. */
  events(key: string): { events: SessionEvent[][]; parts: number } {
    const events: SessionEvent[][] = [];
    const parts = this.#parts(key);
    for (const [choice, event] of parts.flatMap((part) => part.events)) {
      events[choice] ??= [];
      events[choice].push(decodeEvent(event));
    }
    return { events: Array.from(events, (one) => one ?? []), parts: parts.length };
  }

  #parts(key: string): AnswerPartRow[] {
    return this.#store.list('answerParts', below(key)).map(({ value }) => value);
  }

  #known(key: string): AnswerRow {
    const row = this.#rows.get(key);
    invariant(row !== undefined, 'only answers on the shelf change');
    return row;
  }

  #remember(key: string, row: AnswerRow): void {
    this.#rows.set(key, row);
    this.#lastOrder = Math.max(this.#lastOrder, row.order);
  }

  #putText(key: string, text: string): void {
    for (let piece = 0; piece * PIECE_UNITS_MAX < text.length; piece++) {
      const from = piece * PIECE_UNITS_MAX;
      this.#store.put('answerTexts', `${key}/${numbered(piece)}`, text.slice(from, from + PIECE_UNITS_MAX));
    }
  }

  #makeRoom(owner: string): void {
    for (let key = this.#rows.next(owner); key !== null; key = this.#rows.next(owner)) {
      this.remove(key, { relaxed: true });
    }
  }
}

export function tooLarge(bytesMax: number): FilonError<DurableErrorDetails> {
  const message = `an answer with its request may take ${bytesMax} bytes at most; send less, or do not have it stored`;
  return new FilonError<DurableErrorDetails>({ code: 'ANSWER_TOO_LARGE', bytesMax }, message);
}

function roomFull(bytesMax: number): FilonError<DurableErrorDetails> {
  return new FilonError<DurableErrorDetails>(
    { code: 'ANSWER_ROOM_FULL', bytesMax, retryAfterSeconds: RUNNING_RETRY_SECONDS },
    `your answers that run take most of the ${bytesMax} bytes that yours may take; wait for one of them, or cancel one`,
  );
}

function sumOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + bytesOf(chunk), 0);
}

/** Few rows, none too large for the store. */
function partsOf(chunks: readonly Chunk[]): AnswerPartRow[] {
  const parts: AnswerPartRow[] = [];
  let bytes = PART_BYTES_MAX;
  for (const [index, chunk] of chunks.entries()) {
    if (bytes >= PART_BYTES_MAX) {
      parts.push({ first: index, chunks: [], events: [] });
      bytes = 0;
    }
    parts.at(-1)?.chunks.push(encodeChunk(chunk));
    bytes += bytesOf(chunk);
  }
  return parts;
}
