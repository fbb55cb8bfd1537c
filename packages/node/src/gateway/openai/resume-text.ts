/** What a client needs to go on elsewhere, as it stands in events. */
import type { Chunk } from '@filon/core/serving/completion';
import { type DrawnToken, type ResumeStartJson, resumeStartJson } from '@filon/core/serving/resumption';

export type ResumeNews = { start: ResumeStartJson } | { from: number; drawn: readonly DrawnToken[] };

export function resumeNews(chunk: Extract<Chunk, { kind: 'begun' | 'drawn' }>): ResumeNews {
  if (chunk.kind === 'begun') return { start: resumeStartJson(chunk.start) };
  return { from: chunk.from, drawn: chunk.tokens };
}
