/** Whatever a model writes stays text: nothing of it runs, loads, leads away or holds the page up. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { box, type ChatScene, openChatScene } from './kit/chat-scene.ts';
import { tellAnswer } from './kit/told-answer.ts';

let scene: ChatScene;
beforeAll(async () => {
  scene = await openChatScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

const LIVE = `
<script>window.ran = 1</script>
<img src=x onerror="window.ran = 2">
<svg onload="window.ran = 3"><a xlink:href="javascript:window.ran = 4">x</a></svg>
<iframe srcdoc="<script>parent.ran = 5</script>"></iframe>
<style>body { display: none }</style><base href="https://evil.example/">
<form action="https://evil.example"><input name=a><button>send</button></form>

[one](javascript:window.ran=6) [two](data:text/html,<script>1</script>) [three](  java&#10;script:window.ran=7)
[four](vbscript:x) [five](//evil.example) [six](#/models) [seven](blob:https://evil.example/1)
![a picture](https://evil.example/track.png) ![b](data:image/svg+xml,<svg/onload=1>)
<https://good.example/> [mail](mailto:a@b.example)

$$\\href{javascript:window.ran=8}{x} \\includegraphics{https://evil.example/a.png} \\htmlStyle{color:red}{y}$$
`;

test('tags are text, and links lead only outside', async () => {
  const visit = await scene.open();
  const { page } = visit;
  await tellAnswer(page, LIVE);
  await visit.ask('Be evil');
  await page.locator('.answer .turn-tools').waitFor();
  await page.getByText('<script>window.ran = 1</script>').waitFor();
  const answer = page.locator('.answer .markdown');
  expect(await answer.locator('script, img, iframe, form, style, base, object, embed').count()).toBe(0);
  // The formula's own address is a link until the part that reads formulas is there.
  await answer.locator('.katex').waitFor();
  const links = await answer.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  expect(links).toEqual(['https://evil.example/track.png', 'https://good.example/', 'mailto:a@b.example']);
  const rels = await answer.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('rel')));
  expect(new Set(rels)).toEqual(new Set(['noopener noreferrer nofollow']));
  expect(await page.evaluate('window.ran')).toBeUndefined();
  expect(visit.complaints).toEqual([]);
  await visit.picture('hostile');
  await visit.context.close();
});

describe('the page goes on with', () => {
  test.each([
    ['a megabyte without a space', 'x'.repeat(1_000_000)],
    ['a table without an end', `| a | b |\n|---|---|\n${'| cell | cell |\n'.repeat(20_000)}`],
    ['a list without an end', '- item\n'.repeat(20_000)],
    ['quotes in quotes', '> '.repeat(5_000)],
    ['open brackets', '['.repeat(10_000)],
    ['open links', '[a]('.repeat(4_000)],
    ['open tags', '<a href="'.repeat(2_000)],
    ['open code', '` `` '.repeat(3_000)],
    ['ten thousand paragraphs', 'word\n\n'.repeat(10_000)],
    ['five hundred blocks of code', '```js\nlet a = 1;\n```\n'.repeat(500)],
    ['lists in lists', Array.from({ length: 300 }, (_, depth) => `${'  '.repeat(depth)}- x`).join('\n')],
    ['open marks', '*_[`~'.repeat(4_000)],
    ['open formulas', '\\( $x \\['.repeat(2_000)],
    ['a formula that grows', `$$${'\\def\\a{'.repeat(100)}x${'}'.repeat(100)}$$`],
    ['many small formulas', '$x$ '.repeat(1_500)],
    ['emphasis upon emphasis', `${'**a '.repeat(2_000)}${'b** '.repeat(2_000)}`],
    ['marks over marks', 'a\u0301\u0302\u0303'.repeat(5_000)],
  ])('%s', async (_, text) => {
    const visit = await scene.open();
    const { page } = visit;
    await tellAnswer(page, text, 20_000);
    await visit.ask('Go on');
    await page.locator('.answer .turn-tools').waitFor({ timeout: 20_000 });
    await box(page).fill('still here');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(visit.complaints).toEqual([]);
    await visit.context.close();
  });
});

test('what turns the order of words around is seen', async () => {
  const visit = await scene.open();
  await tellAnswer(
    visit.page,
    'safe \u202Egnp.exe\u202C\n\n```js\nif (admin) { /* \u2066 // */ }\n```\n\nbroken \uD800 half',
  );
  await visit.ask('Trick me');
  const answer = visit.page.locator('.answer');
  await answer.getByText('safe ⟦U+202E⟧gnp.exe⟦U+202C⟧').waitFor();
  await answer.getByText('/* ⟦U+2066⟧ // */').waitFor();
  await answer.getByText('broken \uFFFD half').waitFor();
  await visit.context.close();
});
