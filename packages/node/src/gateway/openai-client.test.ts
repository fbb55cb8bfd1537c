import { afterAll, beforeAll, describe } from 'vitest';
import { type OpenAiClientTarget, runOpenAiClientSuite } from '../../../../test/kit/openai-client-suite.ts';
import { runOpenAiResponsesSuite } from '../../../../test/kit/openai-responses-suite.ts';
import { openScriptedGateway, type ScriptedGateway } from '../../../../test/kit/scripted-gateway.ts';
import { MODEL } from '../../../../test/kit/scripted-serving.ts';

describe('over the scripted engine', () => {
  let scripted: ScriptedGateway;
  beforeAll(async () => {
    scripted = await openScriptedGateway({
      answer: ({ grammar }) => (grammar === null ? undefined : '{"city":"Potosí","year":1545}'),
    });
  });
  afterAll(() => scripted[Symbol.asyncDispose]());
  const target = (): OpenAiClientTarget => ({
    baseURL: scripted.baseURL,
    model: MODEL,
    repeats: true,
    generatedTokens: async () => scripted.engine.status().counters.generatedTokens,
  });
  runOpenAiClientSuite(target);
  runOpenAiResponsesSuite(target);
});
