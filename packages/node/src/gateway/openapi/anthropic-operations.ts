/** Anthropic's operations; its models are in OpenAI's place. */
import { countBody, messageBody } from '../anthropic/message-body.ts';
import { anthropicMessage, messageEvent, tokenCount } from './anthropic-answers.ts';
import { EVENTS, JSON_TYPE, json, type Operation, STARTER_MODEL } from './operation.ts';

const anthropic = { api: 'anthropic', audience: 'callers' } as const;
const model = STARTER_MODEL;
const messages = [{ role: 'user', content: 'Say hello.' }];
const tools = [
  {
    name: 'dig',
    input_schema: {
      ...{ type: 'object', properties: { kind: { enum: ['ore', 'tin'] } }, required: ['kind'] },
    },
  },
];

export const ANTHROPIC_OPERATIONS: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/messages', id: 'createMessage', ...anthropic },
    summary: 'Answer a conversation.',
    body: {
      type: JSON_TYPE,
      schema: messageBody,
      examples: {
        whole: { model, messages, max_tokens: 8 },
        streamed: { model, messages, max_tokens: 8, stream: true, system: 'Be short.' },
        tool: { model, messages, tools, max_tokens: 64, tool_choice: { type: 'tool', name: 'dig' } },
      },
    },
    answers: {
      200: {
        about: 'The message; with `stream` its events.',
        content: { [JSON_TYPE]: anthropicMessage, [EVENTS]: messageEvent },
      },
    },
  },
  {
    ...{ method: 'post', path: '/v1/messages/count_tokens', id: 'countTokens', ...anthropic },
    summary: 'Count the tokens of a conversation.',
    body: { type: JSON_TYPE, schema: countBody, examples: { chat: { model, messages } } },
    answers: { 200: json(tokenCount, 'How many there are.') },
  },
];
