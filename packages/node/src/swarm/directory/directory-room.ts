/**
 * Who has a place in the directory when places are scarce. Operators on this operator's lists always do; of the others
 * nobody pushes out somebody who holds less, so a flood by one operator costs that operator alone.
 */
import { type OperatorLists, tierOf } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import { NODES_MAX, NODES_PER_OPERATOR_MAX } from './directory-limits.ts';

export class DirectoryRoom<T extends { operator: KeyId }> {
  readonly #lists: () => OperatorLists;
  /** By operator, in the order in which they came. */
  readonly #holders = new Map<KeyId, Set<T>>();
  #count = 0;

  constructor(lists: () => OperatorLists) {
    this.#lists = lists;
  }

  get isFull(): boolean {
    return this.#count >= NODES_MAX;
  }

  /** A free place, the one who has to go for it, or none. */
  placeFor(operator: KeyId): 'free' | T | null {
    const held = this.#holders.get(operator)?.size ?? 0;
    const isListed = this.#isListed(operator);
    if (!isListed && held >= NODES_PER_OPERATOR_MAX) return null;
    if (!this.isFull) return 'free';
    const [most] = [...this.#holders]
      .filter(([other]) => !this.#isListed(other))
      .map(([, members]) => members)
      .sort((a, b) => b.size - a.size);
    if (!most || (!isListed && most.size <= held + 1)) return null;
    return [...most].at(-1) ?? null;
  }

  add(member: T): void {
    const members = this.#holders.get(member.operator) ?? new Set();
    this.#holders.set(member.operator, members.add(member));
    this.#count += 1;
  }

  delete(member: T): void {
    const members = this.#holders.get(member.operator);
    if (!members?.delete(member)) return;
    this.#count -= 1;
    if (members.size === 0) this.#holders.delete(member.operator);
  }

  #isListed(operator: KeyId): boolean {
    return tierOf(operator, this.#lists()) !== 'open';
  }
}
