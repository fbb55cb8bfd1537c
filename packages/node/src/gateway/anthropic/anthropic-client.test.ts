import { runAnthropicClientSuite } from '../../../../../test/kit/anthropic-client-suite.ts';
import { overScriptedEngine } from '../../../../../test/kit/client-hosts.ts';

overScriptedEngine(runAnthropicClientSuite);
