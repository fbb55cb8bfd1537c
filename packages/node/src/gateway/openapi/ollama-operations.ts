/** Ollama's operations, and those of its that only the operator of a node may do. */
import { z } from 'zod';
import { chatBody, embedBody, embedOneBody, generateBody, showBody } from '../ollama/bodies.ts';
import { OPERATOR_ONLY } from '../ollama/operator-only.ts';
import {
  chatLine,
  generateLine,
  listedModels,
  ollamaErrorSchema,
  ollamaVector,
  ollamaVectors,
  ollamaVersion,
  runningModels,
  shownModelSchema,
} from './ollama-answers.ts';
import { type Answer, JSON_TYPE, json, type Operation, type Parameter, STARTER_MODEL } from './operation.ts';

const ollama = { api: 'ollama', audience: 'callers' } as const;
const model = STARTER_MODEL;
const options = { num_predict: 8 };
const messages = [{ role: 'user', content: 'Say hello.' }];
const JSON_LINES_TYPE = 'application/x-ndjson';

const lines = (schema: z.ZodType): Answer => ({
  about: 'The answer in lines; with `stream: false` as one.',
  content: { [JSON_TYPE]: schema, [JSON_LINES_TYPE]: schema },
});

const working: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/api/chat', id: 'ollamaChat', summary: 'Answer a chat.', ...ollama },
    body: {
      type: JSON_TYPE,
      schema: chatBody,
      examples: {
        streamed: { model, messages, options },
        whole: { model, messages, options, stream: false },
        load: { model },
      },
    },
    answers: { 200: lines(chatLine) },
  },
  {
    ...{
      method: 'post',
      path: '/api/generate',
      id: 'ollamaGenerate',
      summary: 'Answer a prompt.',
      ...ollama,
    },
    body: {
      type: JSON_TYPE,
      schema: generateBody,
      examples: {
        streamed: { model, prompt: 'Say hello.', options },
        raw: { model, prompt: 'Under the hill', options, raw: true, stream: false },
      },
    },
    answers: { 200: lines(generateLine) },
  },
  {
    ...{
      method: 'post',
      path: '/api/embed',
      id: 'ollamaEmbed',
      summary: 'Turn texts into vectors.',
      ...ollama,
    },
    body: { type: JSON_TYPE, schema: embedBody, examples: { two: { model, input: ['tin', 'copper'] } } },
    answers: { 200: json(ollamaVectors, 'A vector for each input.') },
  },
  {
    ...{ method: 'post', path: '/api/embeddings', id: 'ollamaEmbedOne', ...ollama },
    summary: 'Turn a text into a vector.',
    body: { type: JSON_TYPE, schema: embedOneBody, examples: { one: { model, prompt: 'tin' } } },
    answers: { 200: json(ollamaVector, 'The vector.') },
  },
  {
    ...{ method: 'post', path: '/api/show', id: 'ollamaShow', summary: 'Tell of one model.', ...ollama },
    body: { type: JSON_TYPE, schema: showBody, examples: { model: { model }, name: { name: model } } },
    answers: { 200: json(shownModelSchema, 'The model.') },
  },
  {
    ...{ method: 'get', path: '/api/tags', id: 'ollamaTags', ...ollama },
    summary: 'List the models of this node.',
    answers: { 200: json(listedModels, 'The models.') },
  },
  {
    ...{ method: 'get', path: '/api/ps', id: 'ollamaPs', summary: 'List the models in memory.', ...ollama },
    answers: { 200: json(runningModels, 'The models.') },
  },
  {
    ...{ method: 'get', path: '/api/version', id: 'ollamaVersion', ...ollama },
    summary: "Tell which version of Ollama's API this is.",
    answers: { 200: json(ollamaVersion, 'The version.') },
  },
];

const digest: Parameter = {
  ...{ name: 'digest', in: 'path', schema: z.string(), example: 'sha256:0', about: 'Of a file.' },
};

const refused = OPERATOR_ONLY.map(({ method, path, command }): Operation => {
  const [, name = '', parameter] = path.split('/');
  return {
    ...{ method, path: `/api${path.replace(/:(\w+)/, '{$1}')}`, ...ollama },
    id: `ollama${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    summary: `Refused: it would change the node, which only its operator does, by \`${command}\`.`,
    ...(parameter === undefined ? {} : { parameters: [digest] }),
    answers: { 403: json(ollamaErrorSchema, 'The command that does it.') },
  };
});

const push: Operation = {
  ...{ method: 'post', path: '/api/push', id: 'ollamaPush', ...ollama },
  summary: 'Refused: a node publishes no models.',
  answers: { 400: json(ollamaErrorSchema, 'It cannot be done.') },
};

export const OLLAMA_OPERATIONS: readonly Operation[] = [...working, ...refused, push];
