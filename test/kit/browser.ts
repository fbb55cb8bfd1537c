/** The page in a real Chromium without a screen. The browser comes with the development packages, packed. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const root = dirname(dirname(import.meta.dirname));
/** Screenshots that a person looks at; git does not see them. */
const PICTURES = join(root, '.filon', 'pictures');
/** Twenty megabytes into a page, on a machine that is busy, take their time. */
const ACTION_MS = 30_000;
/** Of people's screens: a phone and a desk. */
export const PHONE: Size = { width: 390, height: 844 };
export const DESK: Size = { width: 1440, height: 900 };

export interface Size {
  width: number;
  height: number;
}

export interface PageOptions {
  size?: Size;
  theme?: 'light' | 'dark';
  locale?: string;
}

export interface TestBrowser extends AsyncDisposable {
  /** A page of a browser that knows nothing yet; whatever it complains about fails the test that reads `complaints`. */
  page(address: string, options?: PageOptions): Promise<TestPage>;
}

export interface TestPage {
  page: Page;
  context: BrowserContext;
  /** Errors that nobody caught, what the security policy forbade, and every request that left the machine. */
  complaints: string[];
  /** Keeps what is seen now under this name. */
  picture(name: string): Promise<void>;
}

export async function openTestBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: await unpackedChromium(),
    // The tests' own user may be root in a container, where Chromium's sandbox cannot be made.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  return {
    page: (address, options) => openPage(browser, address, options ?? {}),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function openPage(browser: Browser, address: string, options: PageOptions): Promise<TestPage> {
  const { size = DESK, theme = 'light', locale = 'en-GB' } = options;
  const context = await browser.newContext({
    viewport: size,
    colorScheme: theme,
    locale,
    reducedMotion: 'reduce',
    hasTouch: size.width < 600,
    isMobile: size.width < 600,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(ACTION_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text().slice(0, 200));
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isOwn = hostname === '127.0.0.1' || protocol === 'blob:' || protocol === 'data:';
    if (!isOwn) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(address);
  return {
    page,
    context,
    complaints,
    picture: async (name) => {
      await mkdir(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${name}.png`) });
    },
  };
}

/** Unpacked once a machine, and there only when it is whole. */
async function unpackedChromium(): Promise<string> {
  const require = createRequire(import.meta.url);
  const build = dirname(require.resolve('@sparticuz/chromium'));
  const { version } = require(join(build, '..', 'package.json')) as { version: string };
  const path = join(tmpdir(), `filon-chromium-${version}-${process.arch}`);
  if (existsSync(path)) return path;
  const part = `${path}.${process.pid}`;
  await pipeline(
    createReadStream(join(build, '..', 'bin', 'chromium.br')),
    createBrotliDecompress(),
    createWriteStream(part),
  );
  await chmod(part, 0o755);
  await rename(part, path);
  return path;
}
