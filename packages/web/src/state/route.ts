/** Where the page is, kept in the address after `#`, so that a reload and the back button work. */
import { useSyncExternalStore } from 'react';

export type Route =
  | { page: 'chat'; conversation: string | null }
  | { page: 'models' }
  /** null: all of them. */
  | { page: 'training'; run: string | null }
  | { page: 'network' }
  | { page: 'status' };

const PANELS = ['models', 'network', 'status'] as const;

export function parseRoute(hash: string): Route {
  const [page = '', id = ''] = hash.replace(/^#?\/?/, '').split('/');
  const panel = PANELS.find((one) => one === page);
  if (panel !== undefined) return { page: panel };
  const known = /^[\w-]{1,80}$/.test(id) ? id : null;
  if (page === 'training') return { page, run: known };
  return { page: 'chat', conversation: page === 'chat' ? known : null };
}

export function hrefOf(route: Route): string {
  const id = route.page === 'chat' ? route.conversation : route.page === 'training' ? route.run : null;
  return id === null ? `#/${route.page}` : `#/${route.page}/${id}`;
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
