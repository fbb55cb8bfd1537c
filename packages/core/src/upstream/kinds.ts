/** Programs that speak OpenAI's API, as far as it matters which one it is: each adds fields of its own. */

/** `other`: nothing is sent that OpenAI's API does not have. */
export type UpstreamKind = 'vllm' | 'sglang' | 'llama-server' | 'filon' | 'other';

/** What their lists of models call the owner. */
const OWNERS: Readonly<Record<string, UpstreamKind>> = {
  vllm: 'vllm',
  sglang: 'sglang',
  llamacpp: 'llama-server',
  filon: 'filon',
};

export function upstreamKind(ownedBy: string): UpstreamKind {
  return Object.hasOwn(OWNERS, ownedBy) ? (OWNERS[ownedBy] ?? 'other') : 'other';
}

/** Whether a chat that ends in the beginning of an answer is answered by the rest of that answer. */
export function continuesChats(kind: UpstreamKind): boolean {
  return kind === 'vllm' || kind === 'sglang' || kind === 'llama-server';
}

/** Tells a Filon node that this was passed on to it: it passes it on to nobody, so that no request goes in a circle. */
export const PASSED_ON_HEADER = 'x-filon-passed-on';
