import { overScriptedEngine } from '../../../../../test/kit/client-hosts.ts';
import { runOllamaClientSuite } from '../../../../../test/kit/ollama-client-suite.ts';

overScriptedEngine(runOllamaClientSuite);
