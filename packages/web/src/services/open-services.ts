/** Puts the parts behind the page together, over what a browser has. */
import { Answering } from '../answering/answering.ts';
import { newId } from '../answering/ids.ts';
import { openBrowserKeeper } from '../keep/browser-keeper.ts';
import { Library } from '../keep/library.ts';
import { ModelShelf } from '../models-here/model-shelf.ts';
import { chosenGateways, readGateways } from '../state/gateways.ts';
import { preferences } from '../state/preferences.ts';
import { tierNow } from '../state/tiers.ts';
import { cancelResponse, deleteResponse, readJson, resumeResponse, startResponse } from '../wire/node-api.ts';
import type { Services } from './services.ts';

export function openServices(): Services {
  const nowMs = (): number => Date.now();
  const library = new Library({ keeper: openBrowserKeeper(), nowMs, newId });
  const models = new ModelShelf({ readJson, kept });
  const answering = new Answering({
    library,
    api: { start: startResponse, resume: resumeResponse, cancel: cancelResponse, delete: deleteResponse },
    gateways: chosenGateways,
    wait: waitForNode,
    nowMs,
    monotonicMs: () => performance.now(),
    newId,
    tierOf: ({ tier }) => tierNow(tier, preferences.get().tierAllowed),
    onEnd: ({ model, figures }) => {
      if (figures?.tokensPerSecond != null) models.measured(model, figures.tokensPerSecond);
    },
  });
  addEventListener('pagehide', () => answering.saveAll());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') answering.saveAll();
  });
  // Asked for now, while the rest of the page is still coming.
  void models.refresh();
  void readGateways((path) => readJson(path, { signal: new AbortController().signal }));
  return { library, models, answering };
}

/** A browser that keeps nothing still works until it is closed. */
const kept = {
  get: (key: string): string | null => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set: (key: string, value: string): void => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Said already, where conversations are kept.
    }
  },
};

/** A network that comes back, or a page that is looked at again, ends the wait. */
function waitForNode(ms: number, { signal }: { signal: AbortSignal }): Promise<void> {
  const over = new AbortController();
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const onVisible = (): void => {
      if (document.visibilityState === 'visible') resolve();
    };
    addEventListener('online', () => resolve(), { signal: over.signal });
    document.addEventListener('visibilitychange', onVisible, { signal: over.signal });
    signal.addEventListener('abort', () => resolve(), { signal: over.signal });
    over.signal.addEventListener('abort', () => clearTimeout(timer));
  }).finally(() => over.abort());
}
