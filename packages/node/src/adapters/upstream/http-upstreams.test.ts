/** Against a Filon node's own gateway on loopback. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openScriptedGateway } from '../../../../../test/kit/scripted-gateway.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';
import { describeUpstreams } from '../../../../../test/kit/upstreams-conformance.ts';
import { createHttpUpstreams } from './http-upstreams.ts';

const TEXT = 'the lamp lifts the old cart under a deep shaft ⛏ of copper';

describeUpstreams('http, a Filon node', async () => {
  let held: Promise<void> | null = null;
  let breaks = false;
  const scripted = await openScriptedGateway({
    answer: () => TEXT,
    beforeToken: async ({ generated }) => {
      if (generated !== 3) return await nextTurn();
      if (breaks) {
        breaks = false;
        throw new RangeError('a bug of that node');
      }
      await held;
    },
  });
  return {
    upstreams: createHttpUpstreams(),
    endpoint: { url: scripted.baseURL, kind: 'filon', key: null, fingerprint: null },
    nobody: { url: 'http://127.0.0.1:9/v1', kind: 'other', key: null, fingerprint: null },
    ...{ model: MODEL, text: TEXT },
    running: () => scripted.engine.status().sessions.reduce((sum, { count }) => sum + count, 0),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    breakNext: () => {
      breaks = true;
    },
    [Symbol.asyncDispose]: () => scripted[Symbol.asyncDispose](),
  };
});
