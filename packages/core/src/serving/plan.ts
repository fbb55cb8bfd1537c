/** Where a request is computed: stages that cover every layer once. A whole model on one worker is a chain of one. */
import type { KeyId } from '../swarm/key-id.ts';

export interface StagePlan {
  /** null: this node. */
  node: KeyId | null;
  /** Device id of the worker that holds these layers; null: its node knows. */
  device: string | null;
  /** Layers [from, to); null: all of them. */
  layers: readonly [from: number, to: number] | null;
}

export interface Plan {
  /** sha256 of the variant. */
  model: string;
  chain: readonly StagePlan[];
}
