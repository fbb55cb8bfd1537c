/** The API as an OpenAPI 3.1 document, made from the table of operations and the schemas that check requests. */
import { invariant } from '@filon/core/errors';
import type { z } from 'zod';
import { anthropicErrorSchema } from './anthropic-answers.ts';
import { ollamaErrorSchema } from './ollama-answers.ts';
import { openAiErrorSchema } from './openai-answers.ts';
import type { Answer, Api, Audience, Operation, Parameter } from './operation.ts';
import { jsonSchemas, type SchemaRef } from './schemas.ts';

/** As JSON. */
export type Json = Readonly<Record<string, unknown>>;

const ABOUT = `A node of Filon answers as OpenAI, Anthropic and Ollama do: set the base URL of their clients to this node.
From the node's own machine no key is needed. From others, send one that \`filon keys add\` made. Fields that are not
listed are ignored, and counted in /metrics. Errors have the vendor's shape; the header x-filon-error has the exact code.`;

const TAGS: Readonly<Record<Api, { name: string; description: string }>> = {
  openai: { name: 'OpenAI', description: "As OpenAI's clients expect it." },
  anthropic: { name: 'Anthropic', description: "As Anthropic's clients expect it." },
  ollama: { name: 'Ollama', description: "As Ollama's clients expect it." },
  node: { name: 'Node', description: 'Health, counts and this document.' },
  panel: { name: 'Control', description: "What the node's own pages ask. Not for programs: it may change." },
  pages: { name: 'Pages', description: 'For browsers.' },
};

const BY_KEY = [{ bearerKey: [] }, { headerKey: [] }, { session: [] }];
const SECURITY: Readonly<Record<Audience, readonly Json[]>> = {
  anyone: [],
  // The empty one: without a key, from the node's own machine.
  callers: [{}, ...BY_KEY],
  operator: [{ session: [] }],
};

const ERRORS: Readonly<Record<Api, string>> = {
  ...{ openai: 'OpenAiError', node: 'OpenAiError', panel: 'OpenAiError', pages: 'OpenAiError' },
  ...{ anthropic: 'AnthropicError', ollama: 'OllamaError' },
};
const ERROR_SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  OpenAiError: openAiErrorSchema,
  AnthropicError: anthropicErrorSchema,
  OllamaError: ollamaErrorSchema,
};

/** `version`: of the node. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const { refOf, schemas } = jsonSchemas(namedSchemas(operations));
  const responses = Object.keys(ERROR_SCHEMAS).map((name) => [name, errorResponse(name)]);
  const apis = new Set(operations.map(({ api }) => api));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Filon',
      version,
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...apis].map((api) => TAGS[api]),
    paths: pathsOf(operations, refOf),
    components: {
      schemas,
      responses: Object.fromEntries(responses),
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const SECURITY_SCHEMES: Json = {
  bearerKey: { type: 'http', scheme: 'bearer', description: 'A key of `filon keys add`.' },
  headerKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: "The same, as Anthropic's clients send it.",
  },
  session: {
    ...{ type: 'apiKey', in: 'cookie', name: 'filon_session' },
    description: 'Of a browser that came in by `filon login` or `filon pair`. Control needs the former.',
  },
};

const HEADERS: Json = {
  'x-filon-error': { description: 'The exact code of the error.', schema: { type: 'string' } },
  'retry-after': { description: 'Seconds, where waiting helps.', schema: { type: 'integer', minimum: 0 } },
  'x-request-id': { description: 'Of this request.', schema: { type: 'string' } },
};
const headerRef = (name: string): Json => ({ [name]: { $ref: `#/components/headers/${name}` } });

function errorResponse(name: string): Json {
  return {
    description: "What went wrong, in the vendor's shape.",
    headers: { ...headerRef('x-filon-error'), ...headerRef('retry-after'), ...headerRef('x-request-id') },
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  };
}

/** Bodies and answers, named after their operation; a schema that two operations share has the first one's name. */
function namedSchemas(operations: readonly Operation[]): Map<z.ZodType, string> {
  const names = new Map(Object.entries(ERROR_SCHEMAS).map(([name, schema]) => [schema, name]));
  const add = (schema: z.ZodType, name: string): void => {
    if (!names.has(schema)) names.set(schema, name.charAt(0).toUpperCase() + name.slice(1));
  };
  for (const { id, body, answers } of operations) {
    if (body !== undefined) add(body.schema, `${id}Request`);
    for (const [status, { content }] of Object.entries(answers)) {
      const ofStatus = status === '200' ? '' : status;
      for (const [type, schema] of Object.entries(content)) {
        const suffix = type === 'text/event-stream' ? 'Event' : `Answer${ofStatus}`;
        if (type.endsWith('json') || suffix === 'Event') add(schema, id + suffix);
      }
    }
  }
  return names;
}

function pathsOf(operations: readonly Operation[], refOf: SchemaRef): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method]: operationObject(operation, { operations, refOf }) };
  }
  return paths;
}

function operationObject(
  operation: Operation,
  { operations, refOf }: { operations: readonly Operation[]; refOf: SchemaRef },
): Json {
  const { id, summary, api, audience, parameters = [], body, answers, leadsTo = [] } = operation;
  const links = leadsTo.map((operationId) => {
    invariant(
      operations.some((other) => other.id === operationId),
      `${id} leads to ${operationId}`,
    );
    return [operationId, { operationId, parameters: { id: '$response.body#/id' } }];
  });
  const link = links.length === 0 ? {} : { links: Object.fromEntries(links) };
  const said = Object.entries(answers).map(([status, answer]) => [
    status,
    { ...answerObject(answer, refOf), ...(status === '200' ? link : {}) },
  ]);
  const error = { $ref: `#/components/responses/${ERRORS[api]}` };
  return {
    operationId: id,
    summary,
    tags: [TAGS[api].name],
    security: SECURITY[audience],
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((one) => parameterObject(one, refOf)) }),
    ...(body === undefined ? {} : { requestBody: bodyObject(body, refOf) }),
    responses: { ...Object.fromEntries(said), '4XX': error, '5XX': error },
  };
}

function bodyObject({ type, schema, examples }: NonNullable<Operation['body']>, refOf: SchemaRef): Json {
  const given = Object.entries(examples).map(([name, value]) => [name, { value }]);
  return {
    required: true,
    content: { [type]: { schema: refOf(schema), examples: Object.fromEntries(given) } },
  };
}

function answerObject({ about, content }: Answer, refOf: SchemaRef): Json {
  const bodies = Object.entries(content).map(([type, schema]) => [type, { schema: refOf(schema) }]);
  return {
    description: about,
    headers: headerRef('x-request-id'),
    ...(bodies.length === 0 ? {} : { content: Object.fromEntries(bodies) }),
  };
}

function parameterObject({ name, in: place, about, schema, example }: Parameter, refOf: SchemaRef): Json {
  return {
    ...{ name, in: place, description: about, required: place === 'path', schema: refOf(schema) },
    ...(example === undefined ? {} : { example }),
  };
}
