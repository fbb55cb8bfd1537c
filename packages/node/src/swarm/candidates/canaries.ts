/**
 * Canaries: now and then a peer is given a question that another node of the same numeric class gets as well. In exact mode
 * both must say the same, byte by byte; where they differ, a third one shows who was wrong. So a wrong model under a right
 * name is found out: of a new peer with its first answer, of one that was good before within {@link CHECK_EVERY_MAX}.
 */
import { isFilonError } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { deadline } from '../membership/deadline.ts';
import { drawQuestion } from './questions.ts';
import type { Reliability } from './reliability.ts';

/** A peer that was found good is checked again after so many answers, which of them is drawn. */
export const CHECK_EVERY_MIN = 16;
export const CHECK_EVERY_MAX = 32;
/** The same peer is not checked more often. */
const CHECK_GAP_MS = 15_000;
const WAITING_MAX = 16;
const PEERS_MAX = 4096;
/** For one answer. */
const ANSWER_MS = 60_000;

/** Who serves a variant in a numeric class. null: this node. */
export interface Holder {
  node: KeyId | null;
  model: string;
  numericClass: string;
}

/** Tokens of the prompt and of the answer to a question. Fails with whatever keeps the node from answering. */
export type AskCanary = (
  holder: Holder,
  question: { text: string; seed: bigint },
  options: { signal: AbortSignal },
) => Promise<Int32Array>;

export interface CanaryDeps {
  ask: AskCanary;
  /** All that serve the variant in this class, this node included. */
  holders: (of: Pick<Holder, 'model' | 'numericClass'>) => readonly Holder[];
  reliability: Reliability;
  clock: Clock;
  log: Log;
  /** 0 to below 1. */
  draw: () => number;
  randomBytes: (count: number) => Uint8Array;
}

interface Standing {
  passed: number;
  /** Answers until the next check. */
  left: number;
  /** By the clock that grows; null: never. */
  checkedMs: number | null;
}

type Verdict = { wrong: KeyId | null; good: readonly (KeyId | null)[] } | 'undecided';

export class Canaries implements AsyncDisposable {
  readonly #deps: CanaryDeps;
  readonly #standings = new Map<string, Standing>();
  readonly #waiting = new Map<string, Holder>();
  readonly #over = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: CanaryDeps) {
    this.#deps = deps;
  }

  /** Peers that may be chosen now: those that were not found good yet are checked. */
  considered(holders: readonly Holder[]): void {
    for (const holder of holders) if (!this.isProven(holder)) this.#check(holder);
  }

  /** A peer answered. */
  answered(holder: Holder): void {
    const standing = this.#standings.get(keyOf(holder));
    if (standing) standing.left -= 1;
    if ((standing?.left ?? 0) <= 0) this.#check(holder);
  }

  /** A peer failed: it is checked before long. */
  failed(holder: Holder): void {
    this.#check(holder);
  }

  /** Whether a check has found it good. */
  isProven(holder: Holder): boolean {
    return (this.#standings.get(keyOf(holder))?.passed ?? 0) > 0;
  }

  /** Resolves when nothing waits to be checked. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#waiting.clear();
    await this.#running;
  }

  #check(holder: Holder): void {
    const key = keyOf(holder);
    const { passed = 0, left = 0, checkedMs = null } = this.#standings.get(key) ?? {};
    const nowMs = this.#deps.clock.monotonicMs();
    const isRecent = checkedMs !== null && nowMs - checkedMs < CHECK_GAP_MS;
    if (holder.node === null || isRecent || this.#over.signal.aborted) return;
    if (this.#waiting.size >= WAITING_MAX) return;
    this.#keep(key, { passed, left, checkedMs: nowMs });
    this.#waiting.set(key, holder);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  async #run(): Promise<void> {
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      const [key, holder] = next;
      await this.#judge(holder).catch((error: unknown) => {
        const code = isFilonError(error) ? error.code : 'unknown';
        if (!this.#over.signal.aborted)
          this.#deps.log.debug('swarm.canary-failed', { peer: holder.node, code });
      });
      this.#waiting.delete(key);
    }
  }

  async #judge(suspect: Holder): Promise<void> {
    const { draw, randomBytes } = this.#deps;
    const seed = Buffer.from(randomBytes(8)).readBigUInt64LE();
    const question = { text: drawQuestion(draw), seed };
    const others = this.#witnesses(suspect);
    const [witness, third] = others;
    if (!witness) return;
    const ask = (holder: Holder): Promise<Int32Array> => this.#ask(holder, question);
    const [said, heard] = await Promise.all([ask(suspect), ask(witness)]);
    if (same(said, heard))
      return this.#conclude(suspect, { wrong: null, good: [suspect.node, witness.node] });
    const decides = third ? await ask(third).catch(() => null) : null;
    this.#conclude(suspect, verdictOf({ suspect, witness, third }, { said, heard, decides }));
  }

  /** This node first, then those that were found good most often. */
  #witnesses(suspect: Holder): Holder[] {
    const passed = (holder: Holder): number =>
      holder.node === null ? Number.POSITIVE_INFINITY : (this.#standings.get(keyOf(holder))?.passed ?? 0);
    return this.#deps
      .holders(suspect)
      .filter(({ node }) => node !== suspect.node && (node === null || this.#deps.reliability.of(node) > 0))
      .toSorted((a, b) => (passed(a) === passed(b) ? 0 : passed(b) - passed(a)));
  }

  async #ask(holder: Holder, question: { text: string; seed: bigint }): Promise<Int32Array> {
    const { clock, ask } = this.#deps;
    using limit = deadline(clock, ANSWER_MS, this.#over.signal);
    return await ask(holder, question, limit);
  }

  #conclude(suspect: Holder, verdict: Verdict): void {
    const { reliability, log } = this.#deps;
    const { model, numericClass } = suspect;
    if (verdict === 'undecided') {
      this.#stand(suspect, 0);
      if (suspect.node !== null) reliability.note(suspect.node, 'late');
      log.info('swarm.canary-undecided', { peer: suspect.node, model });
      return;
    }
    for (const node of verdict.good) this.#stand({ node, model, numericClass }, 1);
    if (verdict.wrong === null) return;
    this.#stand({ node: verdict.wrong, model, numericClass }, null);
    reliability.note(verdict.wrong, 'wrong');
    log.warn('swarm.wrong-answer', { peer: verdict.wrong, model, numericClass });
  }

  /** `gain`: of passed checks; null: all that it had is gone. */
  #stand(holder: Holder, gain: number | null): void {
    if (holder.node === null) return;
    const before = this.#standings.get(keyOf(holder));
    const left = CHECK_EVERY_MIN + Math.floor(this.#deps.draw() * (CHECK_EVERY_MAX - CHECK_EVERY_MIN + 1));
    const passed = gain === null ? 0 : (before?.passed ?? 0) + gain;
    this.#keep(keyOf(holder), { passed, left, checkedMs: before?.checkedMs ?? null });
  }

  #keep(key: string, standing: Standing): void {
    this.#standings.delete(key);
    this.#standings.set(key, standing);
    const [oldest] = this.#standings.keys();
    if (this.#standings.size > PEERS_MAX && oldest !== undefined) this.#standings.delete(oldest);
  }
}

function verdictOf(
  who: { suspect: Holder; witness: Holder; third: Holder | undefined },
  tokens: { said: Int32Array; heard: Int32Array; decides: Int32Array | null },
): Verdict {
  const { suspect, witness, third } = who;
  const { said, heard, decides } = tokens;
  if (decides && third) {
    if (same(decides, heard)) return { wrong: suspect.node, good: [witness.node, third.node] };
    if (same(decides, said) && witness.node !== null)
      return { wrong: witness.node, good: [suspect.node, third.node] };
    return 'undecided';
  }
  // Its own machine this node believes.
  return witness.node === null ? { wrong: suspect.node, good: [] } : 'undecided';
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((token, i) => token === b[i]);
}

function keyOf({ node, model, numericClass }: Holder): string {
  return `${node} ${model} ${numericClass}`;
}
