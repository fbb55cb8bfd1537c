/** Disownings on their way: to whom this node meets, and on to all that are connected when one is news. */
import { Buckets } from '@filon/core/buckets';
import type { KeyId } from '@filon/core/swarm/key-id';
import { Exchange, reasonOf } from './exchange.ts';
import type { GreetingDeps } from './greeting.ts';
import { membershipError } from './membership-errors.ts';
import { DISOWNINGS_PER_MINUTE, RATES_MAX } from './membership-limits.ts';

export interface DisownedLinksDeps
  extends Pick<GreetingDeps, 'network' | 'standing' | 'list' | 'known' | 'clock' | 'log'> {
  /** Some at a time, with a deadline each; one that fails is met again later. */
  toMembers(except: KeyId | null, work: (peer: KeyId, signal: AbortSignal) => Promise<unknown>): void;
  /** This node itself is disowned: it is no member by what it has. */
  onOut(): void;
}

export class DisownedLinks {
  readonly #deps: DisownedLinksDeps;
  readonly #rates: Buckets;

  constructor(deps: DisownedLinksDeps) {
    this.#deps = deps;
    this.#rates = new Buckets(deps.clock, RATES_MAX);
  }

  /** On a meeting each side tells the other all that it has; mostly that is nothing. */
  async tell(peer: KeyId, signal: AbortSignal): Promise<void> {
    const records = this.#deps.standing.disowned.records();
    if (records.length > 0) await this.#send(peer, records, signal);
  }

  /** What a peer told. What is none, or not signed as it should be, is its sender's fault. Codes: those of records. */
  take(records: readonly Uint8Array[], from: KeyId): void {
    const { standing, list } = this.#deps;
    const operators = new Set(list.list().map(({ operator }) => operator));
    const news: Uint8Array[] = [];
    try {
      for (const record of records) {
        if (standing.disowned.knows(record)) continue;
        if (!this.#rates.take(from, DISOWNINGS_PER_MINUTE).taken)
          throw membershipError({ code: 'SWARM_BUSY' });
        if (standing.disowned.accept(record, operators)) news.push(record);
      }
    } finally {
      // What came before a wrong one counts as well.
      this.apply(news, from);
    }
  }

  /** Makes them count, and passes them on. `from`: null where this node made them. */
  apply(news: readonly Uint8Array[], from: KeyId | null): void {
    if (news.length === 0) return;
    const { standing, list, known, log, toMembers, onOut } = this.#deps;
    log.info('swarm.disownings', { count: news.length });
    for (const { node } of list.sweep()) known.forget(node);
    toMembers(from, async (peer, signal) => await this.#send(peer, news, signal));
    if (!standing.isDisowned()) return;
    log.warn('swarm.disowned', { operator: standing.member?.operator ?? null });
    onOut();
  }

  async #send(peer: KeyId, records: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    try {
      await using exchange = await Exchange.open(this.#deps.network, peer, { signal });
      await exchange.ask({ kind: 'disowned', records: [...records] }, 'met');
    } catch (error) {
      this.#deps.log.debug('swarm.disownings-not-told', { peer, code: reasonOf(error) });
    }
  }
}
