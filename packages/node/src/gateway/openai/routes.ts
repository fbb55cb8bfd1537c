/** OpenAI's endpoints. */
import { Hono } from 'hono';
import type { Serving } from '../../serve/serving.ts';
import type { Caller, Reply } from '../http/intake.ts';
import { storedModel } from '../request/stored-model.ts';
import { streamChat, wholeChat } from './chat-answer.ts';
import { chatCall } from './chat-request.ts';
import { converse } from './converse.ts';
import { embeddings } from './embeddings.ts';
import { openAiErrors } from './error-shape.ts';
import { openAiModel } from './model-list.ts';
import type { ResponsesDeps } from './responses/requests.ts';
import { responsesRoutes } from './responses/routes.ts';
import { streamText, wholeText } from './text-answer.ts';
import { textCall } from './text-request.ts';

export function openAiRoutes(deps: ResponsesDeps): Hono {
  const { servingOf, intake } = deps;
  const app = new Hono();
  app.post('/chat/completions', (c) =>
    intake.answer(c.req.raw, {
      route: 'chat',
      words: openAiErrors('messages'),
      work: (body, caller) => chat(servingOf(c), body, caller),
    }),
  );
  app.post('/completions', (c) =>
    intake.answer(c.req.raw, {
      route: 'completions',
      words: openAiErrors('prompt'),
      work: (body, caller) => text(servingOf(c), body, caller),
    }),
  );
  app.post('/embeddings', (c) =>
    intake.answer(c.req.raw, {
      route: 'embeddings',
      words: openAiErrors('input'),
      work: async (body, caller) => ({ kind: 'json', value: await embeddings(servingOf(c), body, caller) }),
    }),
  );
  app.route('/responses', responsesRoutes(deps));
  app.get('/models', async (c) => {
    const serving = servingOf(c);
    const { loaded } = serving.stats();
    const stored = await serving.models();
    return c.json({ object: 'list', data: stored.map((model) => openAiModel(model, loaded)) });
  });
  app.get('/models/:name{.+}', async (c) => {
    const name = c.req.param('name');
    const serving = servingOf(c);
    return c.json(openAiModel(storedModel(await serving.models(), name), serving.stats().loaded));
  });
  return app;
}

async function chat(serving: Serving, body: Record<string, unknown>, caller: Caller): Promise<Reply> {
  const call = chatCall(body);
  caller.onUnknownFields(call.unknownFields);
  if (!call.stream) {
    return {
      kind: 'json',
      value: await wholeChat(await serving.complete(call.request, caller), call, caller),
    };
  }
  return {
    kind: 'events',
    run: async (events) => streamChat(await serving.complete(call.request, caller), call, { events, caller }),
  };
}

async function text(serving: Serving, body: Record<string, unknown>, caller: Caller): Promise<Reply> {
  const call = textCall(body);
  caller.onUnknownFields(call.unknownFields);
  if (!call.stream) {
    return {
      kind: 'json',
      value: await wholeText(await converse(serving, call.requests, caller), call, caller),
    };
  }
  return {
    kind: 'events',
    run: async (events) =>
      streamText(await converse(serving, call.requests, caller), call, { events, caller }),
  };
}
