/** Ollama's official client, unchanged, against a real node with the starter model. */
import { overRealNode } from './kit/client-hosts.ts';
import { runOllamaClientSuite } from './kit/ollama-client-suite.ts';

overRealNode(runOllamaClientSuite);
