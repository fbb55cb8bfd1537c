/** Where official clients are run: over the scripted engine in unit tests, over a real node in system tests. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { ClientTarget } from './client-target.ts';
import { openRealNode, type RealNode } from './real-node.ts';
import { openScriptedGateway, type ScriptedGateway } from './scripted-gateway.ts';
import { MODEL } from './scripted-serving.ts';
import { STARTER } from './starter-model.ts';

type Suite = (target: () => ClientTarget) => void;

export function overScriptedEngine(run: Suite): void {
  describe('over the scripted engine', () => {
    let scripted: ScriptedGateway;
    beforeAll(async () => {
      scripted = await openScriptedGateway({
        answer: ({ grammar }) => (grammar === null ? undefined : '{"city":"Potosí","year":1545}'),
      });
    });
    afterAll(() => scripted[Symbol.asyncDispose]());
    run(() => ({
      url: scripted.gateway.url,
      model: MODEL,
      repeats: true,
      turnTokensMax: 200,
      generatedTokens: async () => scripted.engine.status().counters.generatedTokens,
    }));
  });
}

/** Returns the node, for tests of its own. */
export function overRealNode(run: Suite): () => RealNode {
  let node: RealNode;
  beforeAll(async () => {
    node = await openRealNode({ model: 'starter', environment: { FILON_CONTEXT_TOKENS: '2048' } });
  });
  afterAll(() => node[Symbol.asyncDispose]());
  run(() => ({
    url: node.url,
    model: STARTER,
    // Fast mode: a prefix from the cache may tip a near tie.
    repeats: false,
    turnTokensMax: 60,
    generatedTokens: () => node.metric('filon_generated_tokens_total'),
  }));
  return () => node;
}
