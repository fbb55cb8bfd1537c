/** What axe finds wrong with a page as it is now, by the rules of WCAG 2.2 AA: one line each, with the places. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

const RULES: readonly string[] = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PLACES_MAX = 5;

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found: Violation[] = await page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations)`,
  );
  return found.map(({ id, impact, nodes }) => {
    const places = nodes.slice(0, PLACES_MAX).map(({ html, failureSummary }) => `${html}: ${failureSummary}`);
    return `${id} (${impact}) at ${places.join('\n')}`;
  });
}
