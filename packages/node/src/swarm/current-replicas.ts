/** The other nodes as serving sees them, whether this node is in a swarm just now or not. */
import type { Chunk } from '@filon/core/serving/completion';
import { ALONE, type Candidate, type RoutePolicy } from '@filon/core/serving/routing';
import { replicaLost } from '@filon/core/swarm/replica-errors';
import type { RemoteModel, Replicas } from '../ports/replicas.ts';

export class CurrentReplicas implements Replicas {
  /** null: in no swarm. */
  current: Replicas | null = null;

  models(): readonly RemoteModel[] {
    return this.current?.models() ?? [];
  }

  isWithheld(model: string): boolean {
    return this.current?.isWithheld(model) ?? false;
  }

  async candidates(...asked: Parameters<Replicas['candidates']>): Promise<readonly Candidate[]> {
    return (await this.current?.candidates(...asked)) ?? [];
  }

  policy(): RoutePolicy {
    return this.current?.policy() ?? ALONE;
  }

  async take(...[wanted, options]: Parameters<Replicas['take']>): ReturnType<Replicas['take']> {
    if (this.current !== null) return await this.current.take(wanted, options);
    throw replicaLost(wanted.node, { how: 'closed', reason: 'this node left the swarm' });
  }

  async *complete(...[wanted, options]: Parameters<Replicas['complete']>): AsyncGenerator<Chunk> {
    if (this.current === null)
      throw replicaLost(wanted.node, { how: 'closed', reason: 'this node left the swarm' });
    yield* this.current.complete(wanted, options);
  }

  report(...outcome: Parameters<Replicas['report']>): void {
    this.current?.report(...outcome);
  }
}
