/** `filon chat`: a conversation in the terminal. */
import { createInterface, type Interface } from 'node:readline';
import { isFilonError } from '@filon/core/errors';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { askAnywhere, type Gateways } from '../ask-anywhere.ts';
import { type ChatHistory, openChatHistory } from '../chat-history.ts';
import { obey } from '../chat-orders.ts';
import type { Cli, CommandModule } from '../context.ts';
import { Conversation } from '../conversation.ts';
import { examples } from '../examples.ts';
import { plainText } from '../format.ts';
import { addGatewayOptions, elsewhereText, gatewaysOf } from '../gateways.ts';
import { usualModel } from '../model-work.ts';
import { TALK_TEMPERATURE, TEMPERATURE_HELP } from '../openai-api.ts';
import { TIER_HELP, tierFrom } from '../swarm-words.ts';

const PROMPT = '> ';

export const chat: CommandModule = {
  define: (command) => {
    addGatewayOptions(command);
    command
      .argument('[model]', 'name; the default model without one')
      .option('--system <text>', 'how the model is to be')
      .option('--temperature <number>', TEMPERATURE_HELP, String(TALK_TEMPERATURE))
      .option('--tier <tier>', `${TIER_HELP}: own, trusted, open (else the setting swarmTier)`)
      .addHelpText(
        'after',
        examples(['filon chat', 'with the default model'], ['filon chat --system "Be brief."', '']),
      );
  },
  run: async (cli) => {
    const status = await cli.control.status({}, { signal: cli.signal });
    const tier = tierFrom(cli.options);
    const model = cli.args[0] ?? (await usualModel(cli, status.defaultModel));
    await cli.control.show({ name: model }, { signal: cli.signal });
    const conversation = new Conversation(model, cli.options.text('system') ?? null);
    const temperature = cli.options.number('temperature', { min: 0, max: 5, whole: false });
    const gateways = { all: gatewaysOf(cli.paths.apiSocket, cli.config().values), current: 0 };
    await new ChatLoop(cli, { conversation, temperature, tier, gateways }).run();
  },
};

interface Talk {
  conversation: Conversation;
  temperature: number | undefined;
  /** undefined: as the node's settings say. */
  tier: PrivacyTier | undefined;
  gateways: Gateways;
}

class ChatLoop {
  readonly #cli: Cli;
  readonly #talk: Talk;
  readonly #conversation: Conversation;
  readonly #history: ChatHistory;
  readonly #lines: Interface;
  readonly #terminal: boolean;
  #answering: AbortController | null = null;
  #leaving = false;
  #closed = false;

  constructor(cli: Cli, talk: Talk) {
    const { stdin, stdout } = cli.surroundings;
    this.#cli = cli;
    this.#talk = talk;
    this.#conversation = talk.conversation;
    this.#terminal = stdin.isTTY === true && stdout.isTTY === true && !cli.out.json;
    this.#history = openChatHistory(cli.paths.chatHistory, { keep: this.#terminal });
    this.#lines = createInterface({
      input: stdin,
      terminal: this.#terminal,
      prompt: this.#terminal ? PROMPT : '',
      history: [...this.#history.lines],
      historySize: this.#history.linesMax,
      removeHistoryDuplicates: true,
      ...(this.#terminal ? { output: stdout } : {}),
    });
    this.#lines.on('SIGINT', () => this.#interrupt());
    this.#lines.on('close', () => {
      this.#closed = true;
    });
    cli.signal.addEventListener('abort', () => this.#lines.close(), { once: true });
  }

  async run(): Promise<void> {
    const { out } = this.#cli;
    if (this.#terminal)
      out.say(`Talking with ${this.#conversation.model}. /help says what else there is; /exit leaves.`);
    this.#lines.prompt();
    for await (const line of this.#lines) {
      this.#leaving = false;
      if (line.trim() !== '') this.#history.add(line);
      if (await this.#take(line.trim())) break;
      // The end of a piped input comes before its last lines are answered.
      if (!this.#closed) this.#lines.prompt();
    }
    this.#lines.close();
  }

  /** Whether that was the end. */
  async #take(line: string): Promise<boolean> {
    if (line === '') return false;
    try {
      if (!line.startsWith('/')) await this.#answer(line);
      else return await obey(line, { cli: this.#cli, conversation: this.#conversation });
    } catch (error) {
      if (this.#cli.signal.aborted) throw error;
      this.#cli.out.failure(error);
      if (isFilonError(error, 'CLI_API_BROKEN')) return true;
    }
    return false;
  }

  async #answer(question: string): Promise<void> {
    const { out, signal, surroundings } = this.#cli;
    const answering = new AbortController();
    this.#answering = answering;
    const { temperature = TALK_TEMPERATURE } = this.#talk;
    const ask = {
      model: this.#conversation.model,
      messages: this.#conversation.asked(question),
      temperature,
    };
    const { tier, gateways } = this.#talk;
    const continuedBy: string[] = [];
    const onElsewhere = (name: string): void => void continuedBy.push(name);
    const options = { signal: AbortSignal.any([signal, answering.signal]), tier, onElsewhere };
    let text = '';
    try {
      for await (const piece of askAnywhere(gateways, ask, options)) {
        if (piece.kind !== 'text') continue;
        text += piece.text;
        out.write(surroundings.stdout.isTTY ? plainText(piece.text) : piece.text);
      }
    } catch (error) {
      if (!answering.signal.aborted) throw error;
      out.say('\n(stopped)');
    } finally {
      this.#answering = null;
    }
    out.write('\n');
    if (continuedBy.length > 0) out.say(elsewhereText(continuedBy));
    this.#conversation.answered(question, text);
    out.result({ question, text, stopped: answering.signal.aborted, continuedBy }, '');
  }

  /** Ctrl-C ends the answer; without one it clears the line; twice on an empty line it leaves. */
  #interrupt(): void {
    if (this.#answering !== null) {
      this.#answering.abort();
    } else if (this.#lines.line !== '') {
      this.#lines.write(null, { ctrl: true, name: 'e' });
      this.#lines.write(null, { ctrl: true, name: 'u' });
    } else if (this.#leaving) {
      this.#lines.close();
    } else {
      this.#leaving = true;
      this.#cli.out.say('\n(Ctrl-C again or /exit leaves)');
      this.#lines.prompt();
    }
  }
}
