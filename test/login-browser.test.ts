/** The ways in, as a real browser takes them: what it keeps, what it sends, and what pages of others can make it do. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Access, createAccess } from '@filon/node/access/access';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { DEFAULT_GATEWAY_LIMITS } from '@filon/node/gateway/http/limits';
import { type OpenGateway, openGateway } from '@filon/node/gateway/listen';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestBrowser, PHONE, type TestBrowser } from './kit/browser.ts';
import { openScriptedServing, type ScriptedServing } from './kit/scripted-serving.ts';

let browser: TestBrowser;
let gateway: OpenGateway;
let access: Access;
let scripted: ScriptedServing;

/** As behind a proxy, so that nobody is let in for being on this machine. */
beforeAll(async () => {
  const clock = createSystemClock();
  access = createAccess({ pricePerMillionTokens: '0' }, { store: createMemoryStore(), clock, randomBytes });
  scripted = await openScriptedServing({ clock });
  gateway = await openGateway(
    { host: '127.0.0.1', port: 0, hosts: [], origins: [], stopMs: 100, proxied: true },
    { ...scripted, clock, access, limits: DEFAULT_GATEWAY_LIMITS, randomBytes },
  );
  browser = await openTestBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  await scripted.serving[Symbol.asyncDispose]();
});

const CHAT = { model: 'scripted-1m', messages: [{ role: 'user', content: 'ore' }], max_tokens: 2 };

/** From the page itself, with the cookies that it has. */
function statusOf(page: Page, path: string, body: unknown = null): Promise<number> {
  return page.evaluate(
    async ([where, json]) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(where, json === null ? {} : { method: 'POST', headers, body: json });
      return response.status;
    },
    [path, body === null ? null : JSON.stringify(body)] as const,
  );
}

describe('a login link', () => {
  test('lets the browser in and leaves no trace of itself', async () => {
    const link = `${gateway.url}/login#${access.logins.create().code}`;
    const { page, context, complaints } = await browser.page(link);
    await page.waitForURL(`${gateway.url}/`);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: 'filon_session', httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await statusOf(page, '/v1/models')).toBe(200);
    expect(await statusOf(page, '/v1/chat/completions', CHAT)).toBe(200);
    await page.goBack();
    expect(page.url()).not.toContain('#');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('that was used says so, in the language of the browser', async () => {
    const { code } = access.logins.create();
    access.logins.redeem(code);
    const opened = await browser.page(`${gateway.url}/login#${code}`, { locale: 'es-BO', size: PHONE });
    await opened.page.getByRole('alert').getByText('Este enlace ya se usó').waitFor();
    expect(await opened.context.cookies()).toEqual([]);
    await opened.picture('login-used');
    expect(opened.complaints).toEqual([]);
    await opened.context.close();
  });
});

describe('pairing', () => {
  test('a phone types the code and gets answers', async () => {
    const { code } = access.pairing.create();
    const { page, context, complaints, picture } = await browser.page(gateway.url, { size: PHONE });
    expect(page.url()).toBe(`${gateway.url}/pair`);
    await picture('pair');
    await page.getByLabel('Code').fill('zzzz zzzz');
    await page.getByRole('button', { name: 'Pair' }).click();
    await page.getByRole('alert').waitFor();
    await picture('pair-wrong');
    await page.getByLabel('Code').fill(code.toLowerCase().replace('-', ' '));
    await page.keyboard.press('Enter');
    await page.waitForURL(`${gateway.url}/`);
    expect(await statusOf(page, '/v1/chat/completions', CHAT)).toBe(200);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe('a page of somebody else', () => {
  let other: Server;
  let origin = '';
  const html = (): string =>
    `<form method="post" action="${gateway.url}/pair"><input name="code" value="x"></form>`;
  beforeAll(async () => {
    other = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html()));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  });
  afterAll(() => other.close());

  // The same machine is the same site to a browser: it sends the cookie along, and only our own rules are left.
  test('on the same machine gets nothing done with the cookie that the browser sends', async () => {
    const { page, context } = await browser.page(`${gateway.url}/login#${access.logins.create().code}`);
    await page.waitForURL(`${gateway.url}/`);
    const before = scripted.engine.status().counters.generatedTokens;
    await page.goto(origin);
    for (const type of ['application/json', 'text/plain']) {
      const outcome = await page.evaluate(
        async ([url, contentType]) => {
          const mode = contentType === 'text/plain' ? 'no-cors' : 'cors';
          const headers = { 'content-type': contentType };
          const asked = { method: 'POST', mode, credentials: 'include', headers, body: '{}' } as const;
          return await fetch(`${url}/v1/chat/completions`, asked).then(
            (answer) => answer.status,
            () => 'unreadable',
          );
        },
        [gateway.url, type] as const,
      );
      expect([0, 'unreadable']).toContain(outcome);
    }
    const { code } = access.pairing.create();
    const sessions = access.sessions.list().length;
    await page.locator('input').fill(code);
    const [response] = await Promise.all([
      page.waitForResponse(`${gateway.url}/pair`),
      page.evaluate("document.querySelector('form').submit()"),
    ]);
    expect(response.status()).toBe(403);
    expect(access.sessions.list()).toHaveLength(sessions);
    expect(scripted.engine.status().counters.generatedTokens).toBe(before);
    await context.close();
  });
});
