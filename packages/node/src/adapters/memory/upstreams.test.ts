import { setImmediate as nextTurn } from 'node:timers/promises';
import { describeUpstreams } from '../../../../../test/kit/upstreams-conformance.ts';
import { createMemoryUpstreams, cutBefore, type MemoryEndpoint } from './upstreams.ts';

const URL = 'http://memory/v1';
const TEXT = 'the lamp lifts the old cart under a deep shaft';

describeUpstreams('memory', async () => {
  const script: MemoryEndpoint = {
    models: [{ id: 'one', kind: 'filon', contextTokens: 2048, passedOn: false }],
    answer: () => TEXT,
  };
  const upstreams = createMemoryUpstreams({ [URL]: script });
  return {
    upstreams,
    endpoint: { url: URL, kind: 'filon', key: null, fingerprint: null },
    nobody: { url: 'http://nobody/v1', kind: 'other', key: null, fingerprint: null },
    ...{ model: 'one', text: TEXT },
    running: () => upstreams.running,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      script.beforeWord = async (at) => (at === 3 ? await promise : await nextTurn());
      return resolve;
    },
    breakNext: () => {
      script.beforeWord = cutBefore(3);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
});
