/** The operator's pages before a listening gateway, in a browser: what their tests begin with. */
import { type OpenGateway, openGateway } from '@filon/node/gateway/listen';
import { openTestBrowser, type PageOptions, type TestBrowser, type TestPage } from './browser.ts';
import { builtPage } from './built-page.ts';
import { openPanelParts, type PanelGatewayOptions, type PanelParts } from './panel-gateway.ts';

type PanelPage = 'models' | 'training' | 'network' | 'status';

export interface PanelScene extends Omit<PanelParts, 'gateway'> {
  gateway: OpenGateway;
  browser: TestBrowser;
  /** A link that lets one browser in. */
  loginLink(): string;
  /** The page in a browser that is in. */
  enter(page: PanelPage, options?: PageOptions): Promise<TestPage>;
}

export async function openPanelScene(options: PanelGatewayOptions = {}): Promise<PanelScene> {
  const webFolder = await builtPage();
  const { gateway: deps, ...parts } = await openPanelParts(options);
  const gateway = await openGateway(
    { host: '127.0.0.1', port: 0, hosts: [], origins: [], stopMs: 100 },
    { ...deps, webFolder },
  );
  const browser = await openTestBrowser();
  const loginLink = (): string => `${gateway.url}/login#${parts.access.logins.create().code}`;
  return {
    ...{ ...parts, gateway, browser, loginLink },
    enter: (page, pageOptions) =>
      enterPage(browser, { link: loginLink(), url: gateway.url, page }, pageOptions),
    [Symbol.asyncDispose]: async () => {
      await browser[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await parts[Symbol.asyncDispose]();
    },
  };
}

export async function enterPage(
  browser: TestBrowser,
  { link, url, page: name }: { link: string; url: string; page: PanelPage },
  options?: PageOptions,
): Promise<TestPage> {
  const visit = await browser.page(link, options);
  await visit.page.waitForURL((address) => address.pathname === '/');
  await visit.page.goto(`${url}/#/${name}`);
  return visit;
}
