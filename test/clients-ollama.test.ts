/** Ollama's official client, unchanged, against a real node with the starter model. */
import { afterAll, beforeAll } from 'vitest';
import { runOllamaClientSuite } from './kit/ollama-client-suite.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

let node: RealNode;
beforeAll(async () => {
  node = await openRealNode({ model: 'starter', environment: { FILON_CONTEXT_TOKENS: '2048' } });
});
afterAll(() => node[Symbol.asyncDispose]());

runOllamaClientSuite(() => ({
  url: node.url,
  model: STARTER,
  // Fast mode: a prefix from the cache may tip a near tie.
  repeats: false,
  turnTokensMax: 60,
  generatedTokens: () => node.metric('filon_generated_tokens_total'),
}));
