/** The page before a gateway over the scripted engine, in a browser of its own: what the tests of the chat begin with. */
import type { Store } from '@filon/node/ports/store';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { openTestBrowser, type PageOptions, type TestBrowser, type TestPage } from './browser.ts';
import { builtPage } from './built-page.ts';
import { storedModel } from './fixed-models.ts';
import {
  openScriptedGateway,
  type ScriptedGateway,
  type ScriptedGatewayOptions,
} from './scripted-gateway.ts';
import { MODEL } from './scripted-serving.ts';

/** A real model on a busy machine takes its time. */
const ANSWER_MS = 40_000;

export interface ChatScene extends AsyncDisposable {
  readonly node: ScriptedGateway;
  readonly browser: TestBrowser;
  /** A browser that was never here, on the page. */
  open(options?: PageOptions): Promise<Visit>;
  /** Lets tokens through up to this many of each answer, from now on. */
  allow(tokens: number): void;
  /** What the model is asked to say. */
  answerWith(text: string): void;
  /** Ends the node as a stop does, without its browser, and starts it again at the same address. */
  restartNode(between?: () => Promise<void>): Promise<void>;
  /** Tokens computed so far. */
  computed(): number;
  /** Sessions that hold a slot. */
  slots(): number;
  /** Answers that the node keeps. */
  kept(): number;
}

export interface Visit extends TestPage {
  ask(text: string): Promise<void>;
  /** The text of the last answer. */
  lastAnswer(): Promise<string>;
  /** Resolves when the last answer has its figures. */
  answered(): Promise<void>;
}

export async function openChatScene(options: ScriptedGatewayOptions = {}): Promise<ChatScene> {
  const webFolder = await builtPage();
  let text = 'A vein of ore.';
  let allowed = Number.POSITIVE_INFINITY;
  let opened = Promise.withResolvers<void>();
  const script: ScriptedGatewayOptions = {
    stored: [storedModel(MODEL)],
    config: { contextTokens: 8_192 },
    answer: () => text,
    beforeToken: async ({ generated }) => {
      while (generated >= allowed) await opened.promise;
      await new Promise(setImmediate);
    },
    webFolder,
    ...options,
  };
  const start = (more: ScriptedGatewayOptions): Promise<ScriptedGateway> =>
    openScriptedGateway({ ...script, ...more });
  let node = await start({});
  const browser = await openTestBrowser();
  return {
    get node() {
      return node;
    },
    browser,
    open: async (pageOptions) => {
      const visit = visitOf(await browser.page(node.gateway.url, pageOptions));
      await box(visit.page).waitFor();
      return visit;
    },
    allow: (tokens) => {
      allowed = tokens;
      opened.resolve();
      opened = Promise.withResolvers<void>();
    },
    answerWith: (said) => {
      text = said;
    },
    restartNode: async (between) => {
      const { port } = node.gateway;
      const store: Store = node.store;
      await node[Symbol.asyncDispose]();
      await between?.();
      node = await start({ port, store });
    },
    computed: () => node.engine.status().counters.generatedTokens,
    slots: () => node.engine.status().sessions.reduce((sum, { count }) => sum + count, 0),
    kept: () => node.store.list('answers').length,
    [Symbol.asyncDispose]: async () => {
      await browser[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
    },
  };
}

export function visitOf(test: TestPage): Visit {
  const { page } = test;
  return {
    ...test,
    ask: async (text) => {
      await box(page).fill(text);
      await page.getByRole('button', { name: /^(Send|Enviar)$/ }).click();
    },
    lastAnswer: async () => (await page.locator('.answer .markdown').last().textContent()) ?? '',
    answered: async () => {
      await page.locator('.answer').last().locator('.figures').waitFor({ timeout: ANSWER_MS });
      expect(test.complaints).toEqual([]);
    },
  };
}

export function box(page: Page): ReturnType<Page['locator']> {
  return page.locator('#composer');
}
