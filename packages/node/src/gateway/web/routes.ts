/** The page that people chat with: `/` and its assets. Everything else of it is in the address after `#`. */
import { Hono } from 'hono';
import { PAGE_HEADERS, pagePolicy } from './policy.ts';
import { assetResponse, pageResponse } from './static-files.ts';

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Filon</title>
<h1>Filon</h1>
<p>The node is running; its chat page is not built yet.</p>
<p>Stop the node and start it with <code>./filon up</code> from its folder, which builds the page first,
or run <code>node launcher/web.mjs</code> there and reload this page.</p>
<p>The API works without it: <code>/v1</code>.</p>
</html>
`;

/** `folder`: what `vite build` made, whether it is there or not. `gateways`: that go on when this node is gone. */
export function webRoutes(folder: string, gateways: readonly string[] = []): Hono {
  const app = new Hono();
  app.get('/', async (c) => {
    const response = (await pageResponse(folder, c.req.raw.headers)) ?? notBuilt();
    response.headers.set('content-security-policy', pagePolicy(gateways));
    return response;
  });
  app.get('/gateways.json', (c) => c.json({ gateways }));
  app.get('/assets/:name', async (c, next) => {
    const response = await assetResponse(folder, c.req.param('name'), c.req.raw.headers);
    if (response !== null) return response;
    return await next();
  });
  return app;
}

function notBuilt(): Response {
  const headers = {
    ...PAGE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
  };
  return new Response(NOT_BUILT, { status: 503, headers });
}
