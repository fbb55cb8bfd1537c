import { describe, expect, test } from 'vitest';
import { type Schema, schemaFaults, wordsOf } from '../../../../../test/kit/json-schema.ts';
import { HOST, openKeyedGateway, PHONE } from '../../../../../test/kit/keyed-gateway.ts';
import { openPanelParts } from '../../../../../test/kit/panel-gateway.ts';
import { createGateway } from '../gateway.ts';
import { openApiDocument } from './document.ts';
import { methodsAt, operationsOf } from './operations.ts';

const ALL = operationsOf({ panel: true, access: true, web: true });
const document = JSON.parse(JSON.stringify(openApiDocument(ALL, '1.2.3')));
const schemas: ReadonlyMap<string, Schema> = new Map(
  Object.entries<Schema>(document.components.schemas).map(([id, schema]) => [
    `#/components/schemas/${id}`,
    schema,
  ]),
);

/** Every `$ref` with what it leads to. */
function refsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { $ref: own } = value as { $ref?: unknown };
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(refsOf)];
}

const at = (ref: string): unknown =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);

describe('the document', () => {
  test('is OpenAPI 3.1 by its structure', () => {
    expect(Object.keys(document).sort()).toEqual(
      ['components', 'info', 'openapi', 'paths', 'servers', 'tags'].sort(),
    );
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Filon', version: '1.2.3', license: { identifier: 'Apache-2.0' } },
    });
    const refs = refsOf(document);
    expect(refs.length).toBeGreaterThan(50);
    for (const ref of refs) expect(at(ref), ref).toBeDefined();
    for (const id of Object.keys(document.components.schemas)) expect(id).toMatch(/^[A-Za-z0-9._-]+$/);
    for (const schema of schemas.values()) wordsOf(schema);
  });

  test('has operations with ids of their own, known tags and security, and every parameter of their paths', () => {
    const tags = document.tags.map(({ name }: { name: string }) => name);
    const ids: string[] = [];
    for (const [path, methods] of Object.entries<Record<string, Schema>>(document.paths)) {
      expect(path).toMatch(/^\//);
      for (const [method, operation] of Object.entries(methods)) {
        expect(['get', 'post', 'delete']).toContain(method);
        const { operationId, tags: own, security, parameters = [], responses, requestBody } = operation;
        ids.push(String(operationId));
        expect(tags).toContain((own as string[])[0]);
        for (const name of (security as object[]).flatMap(Object.keys)) {
          expect(document.components.securitySchemes).toHaveProperty(name);
        }
        const inPath = (parameters as Schema[]).filter((one) => one['in'] === 'path');
        expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
        expect(inPath.every(({ required }) => required === true)).toBe(true);
        for (const [status, response] of Object.entries(responses as Record<string, Schema>)) {
          expect(status).toMatch(/^([1-5]\d\d|[45]XX)$/);
          if (response['$ref'] === undefined) expect(response['description']).toMatch(/./);
        }
        if (requestBody !== undefined) expect(method).not.toBe('get');
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(ALL.length);
    expect(ids.every((id) => /^[a-z][A-Za-z]+$/.test(id))).toBe(true);
  });

  test('has examples that its schemas allow', () => {
    let count = 0;
    for (const methods of Object.values<Record<string, Schema>>(document.paths)) {
      for (const { requestBody } of Object.values(methods)) {
        const { content = {} } = (requestBody ?? {}) as { content?: Record<string, Schema> };
        for (const { schema, examples } of Object.values(content)) {
          for (const [name, { value }] of Object.entries(examples as Record<string, { value: unknown }>)) {
            expect(schemaFaults(schema as Schema, value, { schemas, closed: true }), name).toEqual([]);
            count += 1;
          }
        }
      }
    }
    expect(count).toBeGreaterThan(25);
  });
});

describe('the routes of a gateway', () => {
  test.each([
    { panel: true, access: true, web: true },
    { panel: false, access: false, web: false },
  ])('are the operations, and the operations its routes: %o', async (parts) => {
    await using opened = await openPanelParts();
    const { access, panel, ...rest } = opened.gateway;
    const { routes: all } = createGateway({
      ...{ ...rest, hosts: new Set<string>(), origins: new Set<string>() },
      ...(parts.access ? { access } : {}),
      ...(parts.panel ? { panel } : {}),
      ...(parts.web ? { webFolder: '/nowhere' } : {}),
    });
    const routes = all
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`);
    const operations = operationsOf(parts).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect([...new Set(routes)].sort()).toEqual(operations.toSorted());
  });

  test('say which methods a path takes', async () => {
    const allowedAt = methodsAt(ALL);
    expect(allowedAt('/v1/responses/resp_1')).toBe('GET and DELETE');
    expect(allowedAt('/v1/models/maker/model:tag')).toBe('GET');
    expect(allowedAt('/v1/responses/a/b')).toBeNull();
    expect(allowedAt('/openapiXjson')).toBeNull();
    const { ask } = await openKeyedGateway();
    const answer = await ask('/v1/messages/count_tokens');
    expect(answer.status).toBe(405);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('takes POST') } });
  });
});

describe('/openapi.json', () => {
  test('is served to whoever /healthz is served to, and to nobody else', async () => {
    const { ask } = await openKeyedGateway();
    for (const peer of [undefined, PHONE]) {
      const [health, served] = await Promise.all(
        ['/healthz', '/openapi.json'].map((path) => ask(path, peer === undefined ? {} : { peer })),
      );
      expect(served?.status).toBe(health?.status);
      expect(await served?.json()).toMatchObject({ openapi: '3.1.0', info: { title: 'Filon' } });
    }
    for (const headers of [{ host: 'evil.example' }, { host: HOST, origin: 'https://evil.example' }]) {
      expect((await ask('/openapi.json', { headers })).status).toBe(403);
    }
  });

  test('says what this gateway has, not what others have', async () => {
    const { ask } = await openKeyedGateway();
    const { paths } = JSON.parse(await (await ask('/openapi.json')).text());
    expect(paths).toHaveProperty('/login');
    expect(paths).not.toHaveProperty('/filon/v1/models');
  });
});
