/** Answers that the test itself writes, however long: the page asks, and no gateway hears of it. */
import type { Page } from 'playwright-core';

const ID = 'resp_told';

/** The next questions of this page are answered with these texts at once, each text in pieces of `size`. */
export async function tellAnswer(page: Page, text: string, size = 2_000): Promise<void> {
  await page.route(/\/v1\/responses/, async (route) => {
    if (route.request().method() !== 'POST') return await route.fulfill({ json: {} });
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      text.slice(index * size, (index + 1) * size),
    );
    const events = [
      { type: 'response.created', response: { id: ID, status: 'in_progress' } },
      ...pieces.map((delta) => ({ type: 'response.output_text.delta', delta })),
      { type: 'response.completed', response: { id: ID, status: 'completed', usage: { output_tokens: 1 } } },
    ];
    const body = events.map(
      (event, index) => `data: ${JSON.stringify({ ...event, sequence_number: index })}\n\n`,
    );
    await route.fulfill({ contentType: 'text/event-stream', body: body.join('') });
  });
}
