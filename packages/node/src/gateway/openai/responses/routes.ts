/** `/v1/responses`: made, read again, followed, stopped, deleted. */
import { type Context, Hono } from 'hono';
import { inputItems, pageOf } from './input-items.ts';
import { create, placeOf, type ResponsesDeps, retrieve } from './requests.ts';
import { type AnswerOwner, keptObject, keptOf, keptResponse } from './store.ts';
import { ResponseWords } from './words.ts';

export function responsesRoutes(deps: ResponsesDeps): Hono {
  const app = new Hono();
  app.post('/', (c) => {
    const words = new ResponseWords();
    return deps.intake.answer(c.req.raw, {
      ...{ route: 'responses', words },
      work: (body, caller) => create(body, { c, deps, caller, words }),
    });
  });
  app.get('/:id', (c) => {
    const words = new ResponseWords();
    return deps.intake.answer(c.req.raw, {
      ...{ route: 'responses-get', words, bodyless: true },
      work: (_, caller) => retrieve(c.req.param('id'), { c, deps, caller, words }),
    });
  });
  app.get('/:id/input_items', (c) =>
    withoutBody(deps, c, 'responses-input', async (place) => {
      const { view, note } = await keptResponse(c.req.param('id'), place);
      return pageOf(inputItems(note.messages, view.id), c.req.query());
    }),
  );
  app.post('/:id/cancel', (c) =>
    withoutBody(deps, c, 'responses-cancel', async ({ answers, owner }) => {
      const { view } = await keptResponse(c.req.param('id'), { answers, owner });
      return keptObject(keptOf(await answers.cancel(view.id, { owner })));
    }),
  );
  app.delete('/:id', (c) =>
    withoutBody(deps, c, 'responses-delete', async ({ answers, owner }) => {
      const { view } = await keptResponse(c.req.param('id'), { answers, owner });
      await answers.delete(view.id, { owner });
      return { id: view.id, object: 'response', deleted: true };
    }),
  );
  return app;
}

function withoutBody(
  deps: ResponsesDeps,
  c: Context,
  route: string,
  work: (place: AnswerOwner) => Promise<unknown>,
): Promise<Response> {
  return deps.intake.answer(c.req.raw, {
    ...{ route, words: new ResponseWords(), bodyless: true },
    work: async () => ({ kind: 'json', value: await work(placeOf(c, deps)) }),
  });
}
