/** `GET /openapi.json`, for everybody: it says nothing that the sources do not. */
import { Hono } from 'hono';
import type { Parts } from './operations.ts';

export function openApiRoutes(parts: Parts, version: string): Hono {
  const app = new Hono();
  let text: string | null = null;
  app.get('/openapi.json', async (c) => {
    text ??= await documentText(parts, version);
    return c.body(text, 200, { 'content-type': 'application/json' });
  });
  return app;
}

/** Read for the first time here: most nodes are never asked. */
async function documentText(parts: Parts, version: string): Promise<string> {
  const { openApiDocument } = await import('./document.ts');
  const { operationsOf } = await import('./operations.ts');
  return JSON.stringify(openApiDocument(operationsOf(parts), version));
}
