/** Who holds how much of the room for answers, and whose answer goes when there is too little of it. */
import type { AnswerRow } from '../../ports/store.ts';
import type { DurableLimits } from './limits.ts';

export type RoomLimits = Pick<
  DurableLimits,
  'keptMax' | 'keptOwnerBytesMax' | 'keptTotalMax' | 'keptBytesMax'
>;

interface Holding {
  bytes: number;
  /** Oldest first. */
  rows: Map<string, AnswerRow>;
}

interface Found {
  key: string;
  order: number;
  size: number;
}

export class Holdings {
  readonly #limits: RoomLimits;
  /** Oldest first. */
  readonly #rows = new Map<string, AnswerRow>();
  readonly #owners = new Map<string, Holding>();
  #bytes = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  get(key: string): AnswerRow | undefined {
    return this.#rows.get(key);
  }

  all(): [key: string, row: AnswerRow][] {
    return [...this.#rows];
  }

  /** Of what runs, which cannot make room. */
  runningBytes(owner: string): number {
    const rows = [...(this.#owners.get(owner)?.rows.values() ?? [])];
    return rows.reduce((sum, { state, bytes }) => sum + (state === 'running' ? bytes : 0), 0);
  }

  /** New ones come in their order; one that is known keeps its place and its owner. */
  set(key: string, row: AnswerRow): void {
    const holding = this.#owners.get(row.owner) ?? { bytes: 0, rows: new Map() };
    const more = row.bytes - (this.#rows.get(key)?.bytes ?? 0);
    this.#owners.set(row.owner, holding);
    this.#rows.set(key, row);
    holding.rows.set(key, row);
    holding.bytes += more;
    this.#bytes += more;
  }

  delete(key: string): void {
    const row = this.#rows.get(key);
    const holding = row && this.#owners.get(row.owner);
    if (!row || !holding) return;
    this.#rows.delete(key);
    holding.rows.delete(key);
    holding.bytes -= row.bytes;
    this.#bytes -= row.bytes;
    if (holding.rows.size === 0) this.#owners.delete(row.owner);
  }

  /** The answer that goes next after this owner stored something; null: none has to, or none may. What runs stays. */
  next(owner: string): string | null {
    const { keptMax, keptOwnerBytesMax, keptTotalMax, keptBytesMax } = this.#limits;
    const own = this.#owners.get(owner);
    const over = own !== undefined && (own.rows.size > keptMax || own.bytes > keptOwnerBytesMax);
    const oldest = over ? oldestEnded(own) : null;
    if (oldest) return oldest.key;
    const byBytes = this.#bytes > keptBytesMax ? this.#ofLargest(owner, keptBytesMax, bytesIn) : null;
    return byBytes ?? (this.#rows.size > keptTotalMax ? this.#ofLargest(owner, keptTotalMax, countIn) : null);
  }

  /**
   * Of whoever holds the most and has something that ended; among equals the oldest goes. Nobody loses anything who is
   * within an equal share of the whole, or who holds less than the owner that needs the room.
   */
  #ofLargest(owner: string, max: number, sizeOf: (holding: Holding) => number): string | null {
    const share = max / this.#owners.size;
    const own = this.#owners.get(owner);
    const least = own ? sizeOf(own) : 0;
    const found: Found[] = [];
    for (const holding of this.#owners.values()) {
      const size = sizeOf(holding);
      const oldest = size > share && size >= least ? oldestEnded(holding) : null;
      if (oldest) found.push({ ...oldest, size });
    }
    const [first] = found.sort((a, b) => b.size - a.size || a.order - b.order);
    return first?.key ?? null;
  }
}

function bytesIn({ bytes }: Holding): number {
  return bytes;
}

function countIn({ rows }: Holding): number {
  return rows.size;
}

function oldestEnded({ rows }: Holding): { key: string; order: number } | null {
  for (const [key, { state, order }] of rows) if (state !== 'running') return { key, order };
  return null;
}
