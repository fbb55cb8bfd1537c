/** `GET /openapi.json`, for everybody: it says nothing that the sources do not. */
import { Hono } from 'hono';
import { openApiDocument } from './document.ts';
import type { Operation } from './operation.ts';

export function openApiRoutes(operations: readonly Operation[], version: string): Hono {
  const app = new Hono();
  let text: string | null = null;
  app.get('/openapi.json', (c) => {
    text ??= JSON.stringify(openApiDocument(operations, version));
    return c.body(text, 200, { 'content-type': 'application/json' });
  });
  return app;
}
