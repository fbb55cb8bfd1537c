/** Anthropic's endpoints. They share `/v1` with OpenAI's, and are asked first. */
import { Hono } from 'hono';
import type { Serving } from '../../serve/serving.ts';
import { collect } from '../answer/collect.ts';
import type { Caller, Intake, Reply, ServingOf } from '../http/intake.ts';
import { storedModel } from '../request/stored-model.ts';
import { wholeMessage } from './answer.ts';
import { ANTHROPIC_ERRORS } from './error-shape.ts';
import { anthropicModel, anthropicModels } from './model-list.ts';
import { countCall, messagesCall } from './request.ts';
import { NAMED_EVENTS, streamMessage } from './stream.ts';

/** Every client of Anthropic's sends it, and no other. */
export const VERSION_HEADER = 'anthropic-version';

export function anthropicRoutes(servingOf: ServingOf, intake: Intake): Hono {
  const app = new Hono();
  app.post('/messages', (c) =>
    intake.answer(c.req.raw, {
      route: 'messages',
      words: ANTHROPIC_ERRORS,
      work: (body, caller) => message(servingOf(c), body, caller),
    }),
  );
  app.post('/messages/count_tokens', (c) =>
    intake.answer(c.req.raw, {
      route: 'count-tokens',
      words: ANTHROPIC_ERRORS,
      work: async (body, caller) => ({
        kind: 'json',
        value: { input_tokens: await servingOf(c).countTokens(countCall(body), caller) },
      }),
    }),
  );
  app.get('/models', async (c, next) => {
    if (c.req.header(VERSION_HEADER) === undefined) return await next();
    return c.json(anthropicModels(await servingOf(c).models()));
  });
  app.get('/models/:name{.+}', async (c, next) => {
    if (c.req.header(VERSION_HEADER) === undefined) return await next();
    return c.json(anthropicModel(storedModel(await servingOf(c).models(), c.req.param('name'))));
  });
  return app;
}

async function message(serving: Serving, body: Record<string, unknown>, caller: Caller): Promise<Reply> {
  const call = messagesCall(body);
  caller.onUnknownFields(call.unknownFields);
  if (!call.stream) {
    const answer = await serving.complete(call.request, caller);
    return { kind: 'json', value: wholeMessage(answer, await collect(answer.chunks, 1, caller), call) };
  }
  return {
    kind: 'events',
    form: NAMED_EVENTS,
    run: async (events) =>
      streamMessage(await serving.complete(call.request, caller), call, { events, caller }),
  };
}
