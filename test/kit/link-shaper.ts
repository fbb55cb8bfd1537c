/**
 * A line between two nodes that can be made bad at will: a TCP proxy on loopback. TCP hides lost packets, so loss shows as
 * what it does to a connection: a stall of a retransmission's length. Both directions are shaped alike.
 */
import { connect, createServer, type Socket } from 'node:net';

export interface LineShape {
  /** One way. */
  delayMs: number;
  /** Added to the delay, evenly from 0. Order is kept. */
  jitterMs: number;
  /** null: as fast as it goes. */
  bytesPerSecond: number | null;
  /** 0 to 1: how many of the pieces that pass stall for `stallMs`, with all behind them. */
  lossShare: number;
  stallMs: number;
}

export const GOOD: LineShape = { delayMs: 0, jitterMs: 0, bytesPerSecond: null, lossShare: 0, stallMs: 200 };
/** Bytes under way in one direction, above which the sender is held up. */
const UNDER_WAY_MAX = 262_144;
const PIECE_BYTES = 16_384;

/** All connections between two ends, whoever made them. */
export interface Line {
  /** Of what is sent from now on. */
  shape(shape: Partial<LineShape>): void;
  /** Resets all connections; new ones are refused until `mend`. */
  cut(): void;
  /** Nothing passes and nobody is told, new connections neither, until `mend`. */
  freeze(): void;
  mend(): void;
  /** So far, both directions. */
  readonly passedBytes: number;
}

/** Where a target is dialled instead. */
export interface Door extends AsyncDisposable {
  readonly port: number;
}

export type Target = () => { host: string; port: number };

export interface LinkShaper extends Line, Door {}

/** `target` is asked at each connection. `random`: 0 to 1, for jitter and loss. */
export async function openLinkShaper(
  target: Target,
  options: { random?: () => number } = {},
): Promise<LinkShaper> {
  const line = createLine(options.random);
  const door = await openDoor(target, () => line);
  return Object.assign(line, { port: door.port, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() });
}

export function createLine(random: () => number = Math.random): Line {
  return new ShapedLine(random);
}

/** `lineOf`: made by `createLine`, for who has just connected. */
export async function openDoor(target: Target, lineOf: (near: Socket) => Line): Promise<Door> {
  const sockets = new Set<Socket>();
  // Half-open connections pass, as they do on a real line.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const line = lineOf(near);
    if (!(line instanceof ShapedLine)) throw new TypeError('a line is made by createLine');
    for (const socket of line.join(near, target())) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the door does not listen');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

class ShapedLine implements Line {
  readonly random: () => number;
  now: LineShape = GOOD;
  passedBytes = 0;
  frozen = false;
  readonly #sockets = new Set<Socket>();
  readonly #ways = new Set<Way>();
  #isCut = false;

  constructor(random: () => number) {
    this.random = random;
  }

  shape(shape: Partial<LineShape>): void {
    this.now = { ...this.now, ...shape };
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  freeze(): void {
    this.frozen = true;
  }

  mend(): void {
    this.#isCut = false;
    this.frozen = false;
    for (const way of this.#ways) way.push();
  }

  /** The sockets of the new connection. */
  join(near: Socket, target: { host: string; port: number }): Socket[] {
    if (this.#isCut) {
      near.resetAndDestroy();
      return [];
    }
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    near.setNoDelay(true);
    const ways = [new Way(this, near, far), new Way(this, far, near)];
    for (const way of ways) this.#ways.add(way);
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        for (const way of ways) this.#ways.delete(way);
        for (const other of [near, far]) other.resetAndDestroy();
      });
    }
    return [near, far];
  }
}

/** One direction of one connection. */
class Way {
  readonly #line: ShapedLine;
  readonly #from: Socket;
  readonly #to: Socket;
  #underWay: { dueMs: number; piece: Uint8Array | null }[] = [];
  #bytes = 0;
  #freeAtMs = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(line: ShapedLine, from: Socket, to: Socket) {
    this.#line = line;
    this.#from = from;
    this.#to = to;
    from.on('data', (data: Uint8Array) => {
      for (let at = 0; at < data.byteLength; at += PIECE_BYTES)
        this.#take(data.subarray(at, at + PIECE_BYTES));
      if (this.#bytes > UNDER_WAY_MAX) from.pause();
      this.push();
    });
    from.once('end', () => {
      this.#take(null);
      this.push();
    });
    from.once('close', () => this.#timer !== null && clearTimeout(this.#timer));
    to.on('drain', () => this.push());
  }

  /** Passes on what is due. */
  push(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (!this.#line.frozen && !this.#to.writableNeedDrain) {
      const next = this.#underWay[0];
      if (next === undefined) break;
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.push(), leftMs);
        break;
      }
      this.#underWay.shift();
      if (next.piece === null) this.#to.end();
      else this.#pass(next.piece);
    }
    if (this.#bytes <= UNDER_WAY_MAX && this.#from.isPaused()) this.#from.resume();
  }

  #pass(piece: Uint8Array): void {
    this.#bytes -= piece.byteLength;
    this.#line.passedBytes += piece.byteLength;
    if (this.#to.writable) this.#to.write(piece);
  }

  #take(piece: Uint8Array | null): void {
    const { delayMs, jitterMs, bytesPerSecond, lossShare, stallMs } = this.#line.now;
    const bytes = piece?.byteLength ?? 0;
    const takesMs = bytesPerSecond === null ? 0 : (bytes * 1000) / bytesPerSecond;
    const stalls = lossShare > 0 && this.#line.random() < lossShare;
    this.#freeAtMs = Math.max(performance.now(), this.#freeAtMs) + takesMs + (stalls ? stallMs : 0);
    const dueMs = this.#freeAtMs + delayMs + jitterMs * this.#line.random();
    this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
    this.#underWay.push({ dueMs: this.#lastDueMs, piece });
    this.#bytes += bytes;
  }
}
