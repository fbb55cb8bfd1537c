/** Ollama's endpoints. What would change the node is refused with the command that does it. */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { ServedModel } from '../../serve/serving.ts';
import type { Caller, Intake, Reply, ServingOf } from '../http/intake.ts';
import { parseFields, unsupported } from '../http/validate.ts';
import { storedModel } from '../request/stored-model.ts';
import { converse, operatorOnly } from './converse.ts';
import { type Embedding, embed, embedOne } from './embed.ts';
import { OLLAMA_ERRORS } from './error-shape.ts';
import { ourName } from './model-names.ts';
import { listedModel, runningModel, type ShownModel, shownModel } from './models.ts';
import { OPERATOR_ONLY } from './operator-only.ts';
import { chatCall, generateCall, modelField } from './request.ts';

/** The version of Ollama whose API this is: clients ask before they use what is newer. */
const API_VERSION = '0.12.11';

type Work = (body: Record<string, unknown>, means: Embedding) => Promise<Reply>;

export function ollamaRoutes(
  servingOf: ServingOf,
  { intake, clock }: { intake: Intake; clock: Clock },
): Hono {
  const app = new Hono();
  const post = (path: string, route: string, work: Work): void => {
    app.post(path, (c) =>
      intake.answer(c.req.raw, {
        route,
        words: OLLAMA_ERRORS,
        work: (body: Record<string, unknown>, caller: Caller) =>
          work(body, { serving: servingOf(c), clock, caller }),
      }),
    );
  };
  post('/chat', 'ollama-chat', (body, means) => converse(chatCall(body), means));
  post('/generate', 'ollama-generate', (body, means) => converse(generateCall(body), means));
  post('/embed', 'ollama-embed', async (body, means) => json(await embed(body, means)));
  post('/embeddings', 'ollama-embed', async (body, means) => json(await embedOne(body, means)));
  post('/show', 'ollama-show', async (body, { serving }) => json(show(body, await serving.models())));
  app.get('/tags', async (c) => c.json({ models: (await servingOf(c).models()).map(listedModel) }));
  app.get('/ps', async (c) => c.json({ models: await running(c, servingOf) }));
  app.get('/version', (c) => {
    // Asks who it is.
    servingOf(c);
    return c.json({ version: API_VERSION });
  });
  app.post('/push', () => {
    throw unsupported('/api/push', 'this node publishes no models');
  });
  for (const { method, path, command } of OPERATOR_ONLY) {
    app[method](path, (c) => {
      throw operatorOnly(c.req.path, command);
    });
  }
  return app;
}

function json(value: unknown): Reply {
  return { kind: 'json', value };
}

async function running(context: Context, servingOf: ServingOf): Promise<object[]> {
  const serving = servingOf(context);
  const { loaded } = serving.stats();
  const stored = await serving.models();
  return stored.filter(({ name }) => loaded.includes(name)).map(runningModel);
}

const named: z.ZodType<{ model: string }> = z.object({ model: modelField });

/** Older clients say `name`. */
function show(body: Record<string, unknown>, stored: readonly ServedModel[]): ShownModel {
  const { model } = parseFields(named, { model: body['model'] ?? body['name'] });
  return shownModel(storedModel(stored, ourName(model, stored)));
}
