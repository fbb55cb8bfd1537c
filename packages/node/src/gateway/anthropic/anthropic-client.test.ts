import { afterAll, beforeAll, describe } from 'vitest';
import { runAnthropicClientSuite } from '../../../../../test/kit/anthropic-client-suite.ts';
import { openScriptedGateway, type ScriptedGateway } from '../../../../../test/kit/scripted-gateway.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';

describe('over the scripted engine', () => {
  let scripted: ScriptedGateway;
  beforeAll(async () => {
    scripted = await openScriptedGateway({
      answer: ({ grammar }) => (grammar === null ? undefined : '{"city":"Potosí","year":1545}'),
    });
  });
  afterAll(() => scripted[Symbol.asyncDispose]());
  runAnthropicClientSuite(() => ({
    url: scripted.gateway.url,
    model: MODEL,
    repeats: true,
    turnTokensMax: 200,
    generatedTokens: async () => scripted.engine.status().counters.generatedTokens,
  }));
});
