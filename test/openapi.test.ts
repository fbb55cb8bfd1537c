/** Every operation of a real node's OpenAPI document, called with its own examples on the starter model. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '@filon/node/gateway/openapi/document';
import { operationsOf } from '@filon/node/gateway/openapi/operations';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonLines } from './kit/filon.ts';
import { type Schema, schemaFaults } from './kit/json-schema.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';

interface Media {
  schema: Schema;
  examples?: Record<string, { value: unknown }>;
}

interface Said {
  $ref?: string;
  content?: Record<string, Media>;
  links?: Record<string, unknown>;
}

interface Operation {
  method: string;
  path: string;
  operationId: string;
  security: Record<string, unknown>[];
  parameters?: { name: string; in: string; example?: string }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Said>;
}

/** Of this version of the sources; the first test compares it with what the node serves. */
const expected = JSON.parse(
  JSON.stringify(openApiDocument(operationsOf({ panel: true, access: true, web: true }), '')),
) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Said> };
};
const schemas: ReadonlyMap<string, Schema> = new Map(
  Object.entries(expected.components.schemas).map(([id, schema]) => [`#/components/schemas/${id}`, schema]),
);

/** Streams that tell of changes until they are left. */
const ENDLESS = /\/filon\/v1\/(jobs|runs|runs\/[^/]+)$/;
const ENDLESS_BYTES = 4 * 2 ** 30;
/** What takes something away comes last, the model itself last of all. */
const LAST = ['deleteResponse', 'unloadModel', 'removeModel'];
const operations: Operation[] = Object.entries(expected.paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  )
  .toSorted((one, other) => LAST.indexOf(one.operationId) - LAST.indexOf(other.operationId));

function withId(id: string): Operation {
  const found = operations.find(({ operationId }) => operationId === id);
  if (found === undefined) throw new RangeError(`there is no operation ${id}`);
  return found;
}

let node: RealNode;
let cookie = '';
beforeAll(async () => {
  node = await openRealNode({ model: 'starter', environment: { FILON_CONTEXT_TOKENS: '2048' } });
  const entered = await send({ path: '/login', method: 'POST', body: { code: await loginCode() } });
  cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
});
afterAll(() => node[Symbol.asyncDispose]());

async function loginCode(): Promise<string> {
  const [said] = jsonLines(await node.home.run(['login', '--json']));
  return new URL(String(said?.['url'])).hash.slice(1);
}

interface Sent {
  path: string;
  method: string;
  type?: string;
  body?: unknown;
  asOperator?: boolean;
  signal?: AbortSignal;
}

function send({
  path,
  method,
  type = 'application/json',
  body,
  asOperator,
  signal,
}: Sent): Promise<Response> {
  const isForm = type === 'application/x-www-form-urlencoded';
  const text = isForm ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body);
  return fetch(node.url + path, {
    method,
    redirect: 'manual',
    headers: {
      origin: node.url,
      ...(asOperator === true ? { cookie } : {}),
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: text }),
    ...(signal === undefined ? {} : { signal }),
  });
}

const needsSession = ({ security }: Operation): boolean =>
  security.length > 0 && security.every((way) => 'session' in way);

/** An example's value, or what only this node knows: codes that it prints, ids that it draws. */
async function bodyFor({ operationId }: Operation, value: unknown): Promise<unknown> {
  if (operationId === 'logIn') return { code: await loginCode() };
  if (operationId === 'pair') return { code: (await node.home.run(['pair'])).stdout.trim() };
  return value;
}

async function pathFor({ path, operationId, parameters = [] }: Operation): Promise<string> {
  let filled = path;
  for (const { name, example } of parameters.filter((one) => one.in === 'path')) {
    filled = filled.replace(`{${name}}`, example ?? (await idFor(operationId)));
  }
  return operationId === 'getAsset' ? await builtAsset(filled) : filled;
}

/** From the operation that links to this one. */
async function idFor(operationId: string): Promise<string> {
  const source = operations.find(({ responses }) => operationId in (responses['200']?.links ?? {}));
  if (source === undefined) throw new RangeError(`nothing leads to ${operationId}`);
  const [media] = Object.values(source.requestBody?.content ?? {});
  const [example] = Object.values(media?.examples ?? {});
  const body = operationId === 'cancelJob' ? { model: endlessSource() } : example?.value;
  const answer = await send({ ...source, body, asOperator: needsSession(source) });
  const { id } = JSON.parse(await answer.text()) as { id: string };
  if (operationId === 'cancelJob') await expect.poll(() => doneOf(id)).toBeGreaterThan(0);
  return id;
}

/** How much of a job is done. */
async function doneOf(id: string): Promise<number> {
  const response = await send({ path: '/filon/v1/jobs', method: 'GET', asOperator: true });
  const [event] = (await valuesOf(response, 'text/event-stream')) as {
    jobs: { id: string; done: number }[];
  }[];
  return event?.jobs.find((job) => job.id === id)?.done ?? 0;
}

/** A file that begins as a model does, and is so long that nobody has read it before the next request. */
function endlessSource(): string {
  const path = join(node.home.folder, 'endless.gguf');
  writeFileSync(path, 'GGUF');
  truncateSync(path, ENDLESS_BYTES);
  return `file:${path}`;
}

/** As the page names it; where none is built, there is none. */
async function builtAsset(otherwise: string): Promise<string> {
  const page = await (await send({ path: '/', method: 'GET' })).text();
  return /assets\/[\w.-]+\.js/.exec(page)?.[0].replace(/^/, '/') ?? otherwise;
}

/** Events, lines, or one value; of a stream that never ends by itself, its first event. */
async function valuesOf(response: Response, type: string): Promise<unknown[]> {
  if (type === 'text/event-stream') {
    const blocks = (await textOf(response)).split('\n\n').filter((block) => /^data: /m.test(block));
    const data = blocks.map((block) => block.replace(/^(event|: ).*\n/gm, '').replace(/^data: /, ''));
    expect(data.length).toBeGreaterThan(0);
    return data.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one) as unknown);
  }
  const text = await response.text();
  if (type === 'application/x-ndjson')
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  return [type === 'application/json' ? (JSON.parse(text) as unknown) : text];
}

async function textOf(response: Response): Promise<string> {
  if (!ENDLESS.test(response.url)) return await response.text();
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  return text;
}

async function expectAsSaid(operation: Operation, response: Response): Promise<unknown[]> {
  const said = operation.responses[String(response.status)];
  if (said === undefined) throw new RangeError(`${response.status}: ${await response.text()}`);
  expect(response.headers.get('x-request-id')).toMatch(/./);
  const { content } = said;
  if (content === undefined) return [];
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  const media = content[type] ?? content['*/*'];
  expect(media, `${operation.operationId} answers ${type}`).toBeDefined();
  const values = await valuesOf(response, type);
  for (const value of values) {
    const faults = schemaFaults(media?.schema ?? {}, value, { schemas, closed: true });
    expect(faults, JSON.stringify(value)).toEqual([]);
  }
  return values;
}

test('the node serves the document of its sources', async () => {
  const response = await fetch(`${node.url}/openapi.json`);
  expect(response.headers.get('content-type')).toContain('application/json');
  const { info, ...served } = JSON.parse(await response.text()) as Record<string, unknown>;
  expect(info).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(served).toEqual({ ...expected, info: undefined });
});

describe('further ways to ask', () => {
  test.each([
    ['getResponse', '?stream=true&starting_after=0&include=response.filon.pause', 'text/event-stream'],
    ['listInputItems', '?order=asc&limit=1', 'application/json'],
  ])('%s with %s', async (id, query, type) => {
    const operation = withId(id);
    const path = `${await pathFor(operation)}${query}`;
    const response = await send({ ...operation, path });
    expect(response.headers.get('content-type')).toContain(type);
    expect(await expectAsSaid(operation, response)).not.toEqual([]);
  });

  test.each(['listModels', 'getModel'])('%s as Anthropic’s clients', async (id) => {
    const operation = withId(id);
    const headers = { 'anthropic-version': '2023-06-01' };
    const response = await fetch(node.url + (await pathFor(operation)), { headers });
    const [value] = await expectAsSaid(operation, response);
    expect(JSON.stringify(value)).toContain('display_name');
  });
});

/** A page that was not built is not there. */
const MAY_BE_MISSING = new Set(['getChatPage', 'getAsset']);

describe.each(operations)('$method $path', (operation) => {
  const { operationId, requestBody, responses } = operation;
  const [media] = Object.entries(requestBody?.content ?? {});
  const examples = Object.entries(media?.[1].examples ?? { none: { value: undefined } });

  test.each(examples)('answers as it says: %s', async (_, { value }) => {
    const response = await send({
      ...operation,
      path: await pathFor(operation),
      body: await bodyFor(operation, value),
      asOperator: needsSession(operation),
      ...(media === undefined ? {} : { type: media[0] }),
    });
    await expectAsSaid(operation, response);
    if (!MAY_BE_MISSING.has(operationId)) expect(`${response.status}`).toBe(Object.keys(responses)[0]);
    const streamed = (value as { stream?: unknown } | undefined)?.stream === true;
    if (streamed) expect(response.headers.get('content-type')).toMatch(/event-stream|ndjson/);
  });
});

// The model is gone by now, which is no matter to whoever is refused.
const nowhere = ({ path }: Operation): string => path.replaceAll(/\{\w+\}/g, 'nothing');

const takingJson = operations.filter(({ requestBody }) => 'application/json' in (requestBody?.content ?? {}));
test.each(takingJson)('$method $path refuses in the words of its API', async (operation) => {
  const path = nowhere(operation);
  const response = await send({ ...operation, path, body: [], asOperator: needsSession(operation) });
  expect([400, 403]).toContain(response.status);
  expect(response.headers.get('x-filon-error')).toMatch(/^[A-Z_]+$/);
  const name = (operation.responses['4XX']?.$ref ?? '').split('/').at(-1) ?? '';
  const schema = expected.components.responses[name]?.content?.['application/json']?.schema;
  const value: unknown = JSON.parse(await response.text());
  expect(schemaFaults(schema ?? { not: {} }, value, { schemas, closed: true })).toEqual([]);
});

test.each(operations.filter(needsSession))('$method $path is the operator’s', async (operation) => {
  const body = operation.requestBody === undefined ? {} : { body: {} };
  const response = await send({ ...operation, path: nowhere(operation), ...body });
  expect(response.status).toBe(403);
  expect(response.headers.get('x-filon-error')).toBe('ACCESS_CONTROL_NEEDED');
});
