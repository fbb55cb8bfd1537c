/** What every kind of source offers the downloader: its bytes from a place on, and a mark that tells when they changed. */

export interface OpenRequest {
  /** Bytes that are here already, of the content that `identity` names. */
  offset: number;
  /** What this source called its content when those bytes came; null when there are none. */
  identity: string | null;
  /** What the catalogue says; a hint for progress only. */
  expectedBytes: number | null;
  /** A folder for what a source must keep while it works. It outlives the process and goes when the model is stored. */
  workFolder: string;
  signal: AbortSignal;
  /** For sources that work before their bytes begin to flow. */
  onProgress(doneBytes: number, totalBytes: number | null): void;
}

export interface OpenedSource extends AsyncDisposable {
  /** null while the source has not said. */
  totalBytes: number | null;
  /** Changes when the content does; null when it cannot be known, and then nothing can be resumed. */
  identity: string | null;
  /** The content's hash, where the source itself names one. */
  sha256: string | null;
  /** Where `body` begins: the offset asked for, or 0 when the content is another or cannot be had in parts. */
  startOffset: number;
  /** What taking the body is: a source may have done its downloading before. */
  phase: 'downloading' | 'storing';
  body: AsyncIterable<Uint8Array>;
}

export interface Source {
  /** As it was written. */
  readonly text: string;
  /** How many times the model's size lies on the disk while it is being fetched. */
  readonly copies: number;
  /** Codes: MODEL_SOURCE_DEAD, MODEL_DISK_FULL. */
  open(request: OpenRequest): Promise<OpenedSource>;
}

/** For sources with nothing to close. */
export async function nothing(): Promise<void> {}
