/** Where conversations were answered last: what was computed of them is in the cache there. */
import { createHash } from 'node:crypto';
import type { Prompt } from '@filon/core/serving/completion';
import type { KeyId } from '@filon/core/swarm/key-id';
import { STAYS_MAX } from './limits.ts';

export interface Conversation {
  /** sha256 of the variant. */
  model: string;
  /** Prefixes are reused within one scope alone. */
  scope: string;
  prompt: Prompt;
}

export class Stays {
  readonly #nodes = new Map<string, KeyId | null>();

  /** null: this node; undefined: nowhere, or it is forgotten. */
  of(conversation: Conversation): KeyId | null | undefined {
    if (this.#nodes.size === 0) return undefined;
    const known = beginnings(conversation).findLast((hash) => this.#nodes.has(hash));
    return known === undefined ? undefined : this.#nodes.get(known);
  }

  note(conversation: Conversation, node: KeyId | null): void {
    const whole = beginnings(conversation).at(-1);
    if (whole === undefined) return;
    this.#nodes.delete(whole);
    this.#nodes.set(whole, node);
    const [oldest] = this.#nodes.keys();
    if (this.#nodes.size > STAYS_MAX && oldest !== undefined) this.#nodes.delete(oldest);
  }
}

/** A hash of every beginning of a chat, message by message: the next turn begins with all of the last one. */
function beginnings({ model, scope, prompt }: Conversation): string[] {
  if (prompt.kind !== 'chat') return [];
  let last = `${model} ${scope}`;
  return prompt.messages.map((message) => {
    last = createHash('sha256').update(last).update(JSON.stringify(message)).digest('base64');
    return last;
  });
}
