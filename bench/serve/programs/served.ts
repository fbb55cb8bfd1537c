/** A program that answers `/v1/completions`, as the cases see it. */
export interface Served {
  readonly name: string;
  /** Without a path. */
  readonly url: string;
  /** What it calls the model. */
  readonly model: string;
  /** Process that was started. */
  readonly pid: number;
}
