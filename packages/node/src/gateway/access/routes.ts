/** The ways in for browsers: `/login` by one-time link, `/pair` by code. */
import { isFilonError } from '@filon/core/errors';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { setCookie } from 'hono/cookie';
import type { Access } from '../../access/access.ts';
import type { BrowserSession } from '../../access/browser-sessions.ts';
import { SESSION_MS } from '../../access/limits.ts';
import { guardSameOrigin } from '../http/guard.ts';
import { invalid } from '../http/validate.ts';
import { refused, SESSION_COOKIE } from './authenticate.ts';
import type { GateDeps } from './gate.ts';
import { languageOf, loginPage, pairPage } from './pages.ts';

const FORM_BYTES_MAX = 1_024;
export const CODE_CHARS_MAX = 128;

export function accessRoutes(deps: GateDeps, access: Access): Hono {
  const app = new Hono();
  const small = bodyLimit({
    maxSize: FORM_BYTES_MAX,
    onError: () => {
      throw invalid(null, `the form has more than ${FORM_BYTES_MAX} bytes`);
    },
  });
  app.get('/login', (c) => loginPage(language(c)));
  app.post('/login', small, async (c) => {
    guardSameOrigin(c.req.header(), deps);
    const body: unknown = await c.req.json().catch(() => null);
    const code = codeOf(body);
    if (code === null || !access.logins.redeem(code))
      throw refused(deps.peerOf(c), 'ACCESS_CODE_WRONG', deps);
    letIn(c, 'login', { deps, access });
    return c.json({ control: true });
  });
  app.get('/pair', (c) => pairPage(language(c), null));
  app.post('/pair', small, async (c) => {
    guardSameOrigin(c.req.header(), deps);
    const code = codeOf(await c.req.parseBody().catch(() => null));
    if (code === null || !access.pairing.redeem(code)) {
      const error = refused(deps.peerOf(c), 'ACCESS_CODE_WRONG', deps);
      return pairPage(language(c), isFilonError(error, 'ACCESS_ATTEMPTS') ? 'wait' : 'wrong');
    }
    letIn(c, 'pairing', { deps, access });
    return c.redirect('/', 303);
  });
  return app;
}

function letIn(
  c: Context,
  kind: BrowserSession['kind'],
  { deps, access }: { deps: GateDeps; access: Access },
): void {
  const { session, cookie } = access.sessions.start(kind);
  deps.log.info('access.entered', { kind, browser: session.id });
  setCookie(c, SESSION_COOKIE, cookie, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    // What the browser sees: a proxy in front may be the one that has TLS.
    secure: (c.req.header('origin') ?? deps.schemes?.[0] ?? '').startsWith('https'),
    maxAge: SESSION_MS / 1000,
  });
}

function codeOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('code' in body)) return null;
  const { code } = body;
  return typeof code === 'string' && code.length <= CODE_CHARS_MAX ? code : null;
}

function language(c: Context): 'en' | 'es' {
  return languageOf(c.req.header('accept-language'));
}
