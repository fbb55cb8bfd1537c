/** Where the page is, kept in the address after `#`, so that a reload and the back button work. */
import { useSyncExternalStore } from 'react';

export type Route =
  | { page: 'chat'; conversation: string | null }
  | { page: 'models' }
  | { page: 'network' }
  | { page: 'status' };

const PANELS = ['models', 'network', 'status'] as const;

export function parseRoute(hash: string): Route {
  const [page = '', id = ''] = hash.replace(/^#?\/?/, '').split('/');
  const panel = PANELS.find((one) => one === page);
  if (panel !== undefined) return { page: panel };
  return { page: 'chat', conversation: page === 'chat' && /^[\w-]{1,64}$/.test(id) ? id : null };
}

export function hrefOf(route: Route): string {
  if (route.page !== 'chat') return `#/${route.page}`;
  return route.conversation === null ? '#/chat' : `#/chat/${route.conversation}`;
}

export function goTo(route: Route, { replace = false }: { replace?: boolean } = {}): void {
  if (replace) location.replace(hrefOf(route));
  else location.hash = hrefOf(route);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(watchHash, () => location.hash));
}

function watchHash(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}
