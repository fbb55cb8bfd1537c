/**
 * What a training run will take, told before it starts: time, energy, money and disk. Arithmetic over measured values
 * only; what nobody measured is null and stays null.
 *
 * Work a token (Kaplan et al., arXiv 2001.08361, section 2.1; N parameters without the embedding look-up, which costs
 * nothing): forward 2N, backward 4N, of which half are gradients of the weights. A LoRA of A parameters leaves those
 * out for the frozen base: 2N + 2N + 6A. Recomputing activations adds another forward pass. Attention over a context of
 * T adds 4 T d a layer to the forward pass; half of it is masked, and the kernels here compute it all the same.
 */

/** What a llama-family model consists of, as far as arithmetic goes. */
export interface ModelShape {
  layers: number;
  /** Width of the hidden state. */
  width: number;
  heads: number;
  kvHeads: number;
  feedForward: number;
  vocabularySize: number;
  /** Whether the output matrix is the embedding. */
  tied: boolean;
}

/** Matrices of a layer that a LoRA may be put on. */
export const PROJECTIONS = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;
export type Projection = (typeof PROJECTIONS)[number];

/** Inputs and outputs of each projection. */
function projectionSizes(shape: ModelShape): Record<Projection, readonly [inputs: number, outputs: number]> {
  const { width, feedForward } = shape;
  const kvWidth = (width / shape.heads) * shape.kvHeads;
  return {
    q: [width, width],
    k: [width, kvWidth],
    v: [width, kvWidth],
    o: [width, width],
    gate: [width, feedForward],
    up: [width, feedForward],
    down: [feedForward, width],
  };
}

/** Parameters of the whole model: embedding, layers with two norms each, last norm, output. */
export function parametersOf(shape: ModelShape): number {
  const embedding = shape.vocabularySize * shape.width;
  return embedding * (shape.tied ? 1 : 2) + shape.layers * layerParameters(shape) + shape.width;
}

function layerParameters(shape: ModelShape): number {
  const matrices = Object.values(projectionSizes(shape)).map(([inputs, outputs]) => inputs * outputs);
  return matrices.reduce((sum, size) => sum + size, 2 * shape.width);
}

/** Parameters of a LoRA: rank x (inputs + outputs) for each projection of each layer (Hu et al., arXiv 2106.09685). */
export function adapterParametersOf(
  shape: ModelShape,
  adapter: { rank: number; projections: readonly Projection[] },
): number {
  const sizes = projectionSizes(shape);
  const sums = adapter.projections.map((name) => sizes[name][0] + sizes[name][1]);
  return shape.layers * adapter.rank * sums.reduce((sum, size) => sum + size, 0);
}

export interface Work {
  shape: ModelShape;
  /** Tokens a sequence. */
  length: number;
  /** null: all weights are trained. */
  adapterParameters: number | null;
  /** Whether activations are computed again in the backward pass. */
  recomputes: boolean;
}

/** Floating-point operations that training takes for each token. */
export function flopsPerToken(work: Work): number {
  const { shape, length, adapterParameters, recomputes } = work;
  // The embedding is looked up, the output matrix is multiplied: one of the two counts.
  const multiplied = parametersOf({ ...shape, tied: true });
  const forward = 2 * multiplied + 4 * length * shape.width * shape.layers;
  const attentionBackward = 8 * length * shape.width * shape.layers;
  const backward = adapterParameters === null ? 4 * multiplied : 2 * multiplied;
  const adapter = 6 * (adapterParameters ?? 0);
  return forward * (recomputes ? 2 : 1) + backward + attentionBackward + adapter;
}

/** Tokens that pass through the model in a run. */
export function tokensOf(run: {
  steps: number;
  accumulate: number;
  sequences: number;
  length: number;
}): number {
  return run.steps * run.accumulate * run.sequences * run.length;
}

export interface QuoteInput {
  tokens: number;
  /** Of one micro-step after another on this device, or null where no step has run yet. */
  tokensPerSecond: number | null;
  /** Reached by the device in matrix products; used where tokensPerSecond is null. */
  flopsPerSecond: number | null;
  flopsPerToken: number;
  /** Drawn by the machine while it trains. */
  watts: number | null;
  /** In the operator's currency. */
  pricePerKwh: number | null;
  disk: {
    /** Parameters that are trained: the adapter's, or the model's. */
    trainedParameters: number;
    /** Moments that the optimiser keeps for each of them: 2 for AdamW, 1 for Muon. */
    moments: number;
    keepCheckpoints: number;
    /** Files that the run ends with. */
    resultBytes: number;
    /** Tokenised data. */
    shardBytes: number;
  };
}

export interface Quote {
  /** null: nothing is known of the device's speed. */
  seconds: number | null;
  /** Whether `seconds` comes from a measured speed of training, and not from one of matrix products. */
  measured: boolean;
  kwh: number | null;
  cost: number | null;
  /** The most that is on the disk at once: a checkpoint is written before the oldest is dropped. */
  diskBytes: number;
}

const SECONDS_AN_HOUR = 3600;
const WATTS_A_KILOWATT = 1000;
const F32_BYTES = 4;

export function quoteOf(input: QuoteInput): Quote {
  const seconds = secondsOf(input);
  const { watts, pricePerKwh } = input;
  const kwh =
    seconds === null || watts === null ? null : (seconds / SECONDS_AN_HOUR) * (watts / WATTS_A_KILOWATT);
  return {
    seconds,
    measured: input.tokensPerSecond !== null,
    kwh,
    cost: kwh === null || pricePerKwh === null ? null : kwh * pricePerKwh,
    diskBytes: diskBytesOf(input.disk),
  };
}

function secondsOf({ tokens, tokensPerSecond, flopsPerSecond, flopsPerToken }: QuoteInput): number | null {
  if (tokensPerSecond !== null) return tokens / tokensPerSecond;
  return flopsPerSecond === null ? null : (tokens * flopsPerToken) / flopsPerSecond;
}

function diskBytesOf(disk: QuoteInput['disk']): number {
  const checkpointBytes = disk.trainedParameters * (1 + disk.moments) * F32_BYTES;
  return (disk.keepCheckpoints + 1) * checkpointBytes + disk.resultBytes + disk.shardBytes;
}
