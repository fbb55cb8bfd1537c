/** What an answer consists of, in order. Neighbours of one kind are joined, so that nothing depends on how it came. */
export type AnswerPiece =
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  /** A call begins; the arguments that follow are its own. */
  | { kind: 'tool-call'; name: string }
  | { kind: 'tool-arguments'; text: string };

export class Pieces {
  #pieces: AnswerPiece[] = [];

  add(kind: 'text' | 'reasoning' | 'tool-arguments', text: string): void {
    if (text === '') return;
    const last = this.#pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else this.#pieces.push({ kind, text });
  }

  call(name: string): void {
    this.#pieces.push({ kind: 'tool-call', name });
  }

  take(): AnswerPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}
