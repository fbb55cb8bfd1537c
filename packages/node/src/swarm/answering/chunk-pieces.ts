/** A piece of an answer in messages that it fits into: an endpoint may say much at once. */
import type { CompletionChunk } from '@filon/core/answering/completion-schemas';
import { CHUNK_LOGPROBS_MAX, SIGN_CHARS_MAX } from '@filon/core/answering/limits';

/** In order; one list a message. */
export function* piecesOf(chunk: CompletionChunk): Generator<CompletionChunk[]> {
  if (!('text' in chunk)) {
    yield [chunk];
    return;
  }
  const texts = [...textsOf(chunk.text)];
  if (chunk.kind !== 'delta') {
    for (const text of texts) yield [{ ...chunk, text }];
    return;
  }
  const { choice, logprobs } = chunk;
  for (let at = 0, from = 0; at < texts.length || from < logprobs.length; at += 1) {
    const some = logprobs.slice(from, from + CHUNK_LOGPROBS_MAX);
    from += some.length;
    yield [{ kind: 'delta', choice, text: texts[at] ?? '', logprobs: some }];
  }
}

/** Never within a character. */
function* textsOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const end = Math.min(text.length, at + SIGN_CHARS_MAX);
    const isSplit = end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1] ?? '');
    yield text.slice(at, isSplit ? end - 1 : end);
    at = isSplit ? end - 1 : end;
  }
}
