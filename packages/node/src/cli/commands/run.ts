/** `filon run`: one prompt, one answer. */
import { FilonError } from '@filon/core/errors';
import { askAnywhere } from '../ask-anywhere.ts';
import type { Cli, CommandModule } from '../context.ts';
import type { CliErrorDetails } from '../errors.ts';
import { examples } from '../examples.ts';
import { plainText } from '../format.ts';
import { addGatewayOptions, elsewhereText, gatewaysOf } from '../gateways.ts';
import { type ChatAsk, type ChatTurn, TALK_TEMPERATURE, TEMPERATURE_HELP } from '../openai-api.ts';
import { TIER_HELP, tierFrom } from '../swarm-words.ts';

const INPUT_BYTES_MAX = 16 * 1024 * 1024;

export const run: CommandModule = {
  define: (command) => {
    addGatewayOptions(command);
    command
      .argument('<model>', 'name, or beginning of the sha256')
      .argument('<prompt>', 'what to answer; - reads it from standard input')
      .option('--system <text>', 'how the model is to be')
      .option('--max-tokens <count>', 'end the answer after so many')
      .option('--temperature <number>', TEMPERATURE_HELP, String(TALK_TEMPERATURE))
      .option('--seed <number>', 'the same seed gives the same answer')
      .option('--tier <tier>', `${TIER_HELP}: own, trusted, open (else the setting swarmTier)`)
      .addHelpText(
        'after',
        examples(
          ['filon run smollm2-135m "Why is the sky blue?"', ''],
          ['git diff | filon run smollm2-135m -', 'the prompt from a pipe'],
        ),
      );
  },
  run: async (cli) => {
    await cli.control.status({}, { signal: cli.signal });
    const ask = await askFor(cli);
    let text = '';
    let finishReason: string | null = null;
    let usage: unknown = null;
    const gateways = { all: gatewaysOf(cli.paths.apiSocket, cli.config().values), current: 0 };
    const continuedBy: string[] = [];
    const onElsewhere = (name: string): void => void continuedBy.push(name);
    const options = { signal: cli.signal, tier: tierFrom(cli.options), onElsewhere };
    for await (const piece of askAnywhere(gateways, ask, options)) {
      if (piece.kind === 'end') finishReason = piece.reason;
      if (piece.kind === 'usage') usage = { ...piece, kind: undefined };
      if (piece.kind !== 'text') continue;
      text += piece.text;
      cli.out.write(cli.surroundings.stdout.isTTY ? plainText(piece.text) : piece.text);
    }
    cli.out.write('\n');
    if (continuedBy.length > 0) cli.out.say(elsewhereText(continuedBy));
    cli.out.result({ model: ask.model, text, finishReason, usage, continuedBy }, '');
  },
};

async function askFor(cli: Cli): Promise<ChatAsk> {
  const [model = '', typed = ''] = cli.args;
  const { options } = cli;
  const prompt = typed === '-' ? await readInput(cli) : typed;
  const system = options.text('system');
  const messages: ChatTurn[] = [{ role: 'user', content: prompt }];
  if (system !== undefined) messages.unshift({ role: 'system', content: system });
  const maxTokens = options.number('maxTokens', { min: 1, max: 1_000_000 });
  const temperature = options.number('temperature', { min: 0, max: 5, whole: false });
  const seed = options.number('seed', { min: 0, max: Number.MAX_SAFE_INTEGER });
  return {
    model,
    messages,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
  };
}

async function readInput(cli: Cli): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of cli.surroundings.stdin) {
    bytes += piece.length;
    if (bytes > INPUT_BYTES_MAX) throw noInput(`has more than ${INPUT_BYTES_MAX} bytes`);
    pieces.push(Buffer.from(piece));
  }
  const text = Buffer.concat(pieces).toString('utf8').trim();
  if (text === '') throw noInput('is empty');
  return text;
}

function noInput(what: string): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>({ code: 'CLI_NO_INPUT' }, `Standard input ${what}. Give a prompt.`);
}
