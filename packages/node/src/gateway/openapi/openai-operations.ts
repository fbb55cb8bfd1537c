/** OpenAI's operations. */
import { z } from 'zod';
import { VERSION_HEADER } from '../anthropic/routes.ts';
import { chatBody } from '../openai/chat-body.ts';
import { responseBody } from '../openai/responses/response-body.ts';
import { embeddingBody, textBody } from '../openai/text-body.ts';
import { anthropicModelPage, anthropicModelSchema } from './anthropic-answers.ts';
import {
  chatChunk,
  chatCompletion,
  embeddingList,
  openAiModelList,
  openAiModelSchema,
  textChunk,
  textCompletion,
} from './openai-answers.ts';
import { EVENTS, JSON_TYPE, json, type Operation, type Parameter, STARTER_MODEL } from './operation.ts';
import { itemPage, responseDeleted, responseEvent, responseObject } from './response-answers.ts';

const openai = { api: 'openai', audience: 'callers' } as const;
const model = STARTER_MODEL;
const messages = [{ role: 'user', content: 'Say hello.' }];
const dig = {
  name: 'dig',
  parameters: { type: 'object', properties: { kind: { enum: ['ore', 'tin'] } }, required: ['kind'] },
};
const format = {
  type: 'json_schema',
  json_schema: { name: 'depth', schema: { type: 'object', properties: { metres: { enum: [10, 30] } } } },
};

const id: Parameter = {
  ...{ name: 'id', in: 'path', schema: z.string(), about: 'Of a response that was made with `store`.' },
};
const MODEL_NAME: Parameter = {
  ...{ name: 'name', in: 'path', schema: z.string(), wide: true, example: STARTER_MODEL },
  about: 'The name of a model, or the sha256 of its file.',
};
const version: Parameter = {
  ...{ name: VERSION_HEADER, in: 'header', schema: z.string().optional() },
  about: "With it the answer has Anthropic's shape.",
};

const completions: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/chat/completions', id: 'createChatCompletion', ...openai },
    summary: 'Answer a chat.',
    body: {
      type: JSON_TYPE,
      schema: chatBody,
      examples: {
        whole: { model, messages, max_tokens: 8 },
        streamed: { model, messages, max_tokens: 8, stream: true, stream_options: { include_usage: true } },
        tool: {
          ...{ model, messages, max_tokens: 64, tool_choice: 'required', parallel_tool_calls: false },
          tools: [{ type: 'function', function: dig }],
        },
        json: { model, messages, max_tokens: 32, response_format: format },
        logprobs: { model, messages, max_tokens: 2, logprobs: true, top_logprobs: 2, seed: 1 },
      },
    },
    answers: {
      200: {
        about: 'The answer; with `stream` its events, the last one `[DONE]`.',
        content: { [JSON_TYPE]: chatCompletion, [EVENTS]: chatChunk },
      },
    },
  },
  {
    ...{ method: 'post', path: '/v1/completions', id: 'createCompletion', ...openai },
    summary: 'Go on with a text.',
    body: {
      type: JSON_TYPE,
      schema: textBody,
      examples: {
        whole: { model, prompt: 'Under the hill', max_tokens: 8, logprobs: 1 },
        streamed: { model, prompt: ['Under the hill', 'Over it'], max_tokens: 4, stream: true },
      },
    },
    answers: {
      200: {
        about: 'The texts; with `stream` their events, the last one `[DONE]`.',
        content: { [JSON_TYPE]: textCompletion, [EVENTS]: textChunk },
      },
    },
  },
  {
    ...{ method: 'post', path: '/v1/embeddings', id: 'createEmbedding', ...openai },
    summary: 'Turn texts into vectors.',
    body: {
      type: JSON_TYPE,
      schema: embeddingBody,
      examples: {
        numbers: { model, input: 'tin' },
        base64: { model, input: ['tin', 'copper'], encoding_format: 'base64' },
      },
    },
    answers: { 200: json(embeddingList, 'A vector for each input.') },
  },
];

const models: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/v1/models', id: 'listModels', ...openai, parameters: [version] },
    summary: 'List the models of this node.',
    answers: { 200: json(z.union([openAiModelList, anthropicModelPage]), 'The models.') },
  },
  {
    ...{ method: 'get', path: '/v1/models/{name}', id: 'getModel', ...openai },
    summary: 'Tell of one model.',
    parameters: [MODEL_NAME, version],
    answers: { 200: json(z.union([openAiModelSchema, anthropicModelSchema]), 'The model.') },
  },
];

const query = (name: string, schema: z.ZodType, about: string): Parameter => ({
  ...{ name, in: 'query', schema: schema.optional(), about },
});

const responses: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/responses', id: 'createResponse', ...openai },
    summary: 'Answer, and keep the answer until it is deleted.',
    body: {
      type: JSON_TYPE,
      schema: responseBody,
      examples: {
        whole: { model, input: 'Say hello.', max_output_tokens: 8 },
        streamed: { model, input: 'Say hello.', max_output_tokens: 8, stream: true, store: false },
        background: { model, input: 'Say hello.', max_output_tokens: 8, background: true },
      },
    },
    answers: {
      200: {
        about: 'The response; with `stream` its events; with `background` as far as it is there.',
        content: { [JSON_TYPE]: responseObject, [EVENTS]: responseEvent },
      },
    },
    leadsTo: ['getResponse', 'listInputItems', 'cancelResponse', 'deleteResponse'],
  },
  {
    ...{ method: 'get', path: '/v1/responses/{id}', id: 'getResponse', ...openai },
    summary: 'Read a response again, or follow it.',
    parameters: [
      id,
      query('stream', z.enum(['true', 'false']), 'Whether to get its events.'),
      query('starting_after', z.string().regex(/^\d{1,9}$/), 'The number of the last event that you have.'),
      query('include', z.array(z.string()), '`response.filon.pause`: pauses as events.'),
    ],
    answers: {
      200: {
        about: 'The response as it is now; with `stream` its events, those to come as well.',
        content: { [JSON_TYPE]: responseObject, [EVENTS]: responseEvent },
      },
    },
  },
  {
    ...{ method: 'get', path: '/v1/responses/{id}/input_items', id: 'listInputItems', ...openai },
    summary: 'List the conversation before a response.',
    parameters: [
      id,
      query('order', z.enum(['asc', 'desc']), 'Newest first unless said otherwise.'),
      query('after', z.string(), 'The id of an item; the page begins behind it.'),
      query('limit', z.int().min(1).max(100), 'Items on the page; 20 unless said otherwise.'),
    ],
    answers: { 200: json(itemPage, 'A page of items.') },
  },
  {
    ...{ method: 'post', path: '/v1/responses/{id}/cancel', id: 'cancelResponse', ...openai },
    summary: 'Stop a response. What there is of it stays.',
    parameters: [id],
    answers: { 200: json(responseObject, 'The response; it computes no more.') },
  },
  {
    ...{ method: 'delete', path: '/v1/responses/{id}', id: 'deleteResponse', ...openai },
    summary: 'Stop a response and remove all of it.',
    parameters: [id],
    answers: { 200: json(responseDeleted, 'It is gone.') },
  },
];

export const OPENAI_OPERATIONS: readonly Operation[] = [...completions, ...responses, ...models];
