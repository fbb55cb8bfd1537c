/** Where a request is computed: stages that cover every layer once. A whole model on one worker is a chain of one. */

export interface StagePlan {
  /** Device id of the worker that holds these layers. */
  device: string;
  /** Layers [from, to); null: all of them. */
  layers: readonly [from: number, to: number] | null;
}

export interface Plan {
  /** sha256 of the variant. */
  model: string;
  chain: readonly StagePlan[];
}
