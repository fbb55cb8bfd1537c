/** Serving whose answers say that other nodes computed them, and stand still once for each that was lost on the way. */
import type { Chunk, ServedBy } from '@filon/core/serving/completion';
import type { Serving } from '@filon/node/serve/serving';

export type Servers = () => readonly ServedBy[];

/** Keeps everything else that `serving` can do. */
export function servedElsewhere<T extends Serving>(serving: T, servers: Servers): T {
  const complete: Serving['complete'] = async (request, options) => {
    const answer = await serving.complete(request, options);
    return { ...answer, chunks: told(answer.chunks, servers()) };
  };
  return new Proxy(serving, {
    get: (target, name) => {
      if (name === 'complete') return complete;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

async function* told(chunks: AsyncIterable<Chunk>, servedBy: readonly ServedBy[]): AsyncGenerator<Chunk> {
  let lost = servedBy.length - 1;
  for await (const chunk of chunks) {
    yield chunk.kind === 'usage' && servedBy.length > 0 ? { ...chunk, servedBy } : chunk;
    for (; chunk.kind === 'delta' && lost > 0; lost -= 1) yield { kind: 'pause', choice: 0 };
  }
}
