/** Other gateways that the page's node names; which of them go on with answers, a person decides by giving their keys. */
import type { Gateway } from '../wire/node-api.ts';
import { preferences } from './preferences.ts';
import { createStore, type Store } from './store.ts';

const GATEWAYS_MAX = 8;

/** Origins. Kept by the page: the node that named them may be gone when they are needed. */
export const namedGateways: Store<readonly string[]> = createStore<readonly string[]>([]);

/** Of a node that does not say, there are none. */
export async function readGateways(readJson: (path: string) => Promise<unknown>): Promise<void> {
  const said: unknown = await readJson('/gateways.json').catch(() => null);
  const fields: Readonly<Partial<Record<'gateways', unknown>>> =
    typeof said === 'object' && said !== null ? { ...said } : {};
  const urls: readonly unknown[] = Array.isArray(fields.gateways) ? fields.gateways : [];
  namedGateways.set(urls.filter((url) => typeof url === 'string').slice(0, GATEWAYS_MAX));
}

export function chosenGateways(): Gateway[] {
  const { gatewayKeys } = preferences.get();
  return namedGateways.get().flatMap((url) => {
    const key = gatewayKeys[url];
    return key === undefined ? [] : [{ url, key }];
  });
}
