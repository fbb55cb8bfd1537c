/** Answers as the node sends them. */

/** `created`, then a delta for each word, then how it ended. */
export function eventsOf(words: readonly string[], status = 'completed'): Record<string, unknown>[] {
  const usage = { output_tokens: words.length };
  const ended = { id: 'resp_1', status, usage, error: { code: 'SERVE_STALLED', message: 'it stood still' } };
  const events = [
    { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } },
    ...words.map((delta) => ({ type: 'response.output_text.delta', delta })),
    { type: `response.${status}`, response: ended },
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}
