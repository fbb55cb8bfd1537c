/** `filon keys add`: makes a key of the API, and shows it this once. */
import type { NewKey } from '../../access/keys.ts';
import { KEY_DAYS_MAX, KEY_MODELS_MAX, KEY_REQUESTS_PER_MINUTE_MAX } from '../../access/limits.ts';
import { parseMoney, parsePrice } from '../../access/money.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { momentText, spanMs, withKeys } from '../key-work.ts';
import type { Options } from '../options.ts';
import { wrongOption } from '../wrong-option.ts';

const TIERS = ['own', 'trusted', 'open'] as const;

export const keysAdd: CommandModule = {
  define: (command) => {
    command
      .argument('<name>', 'what you will call it')
      .option('--models <names>', 'models that it may use, with commas between; else all')
      .option('--budget-tokens <count>', 'tokens that it may use, read and written together')
      .option('--budget-money <amount>', 'money that it may use, at the price in the settings')
      .option('--requests-per-minute <count>', 'requests that it may make in a minute')
      .option('--tier <tier>', `whose machines may compute for it: ${TIERS.join(', ')}`, 'own')
      .option('--expires <time>', 'how long it is valid: 12h, 30d, 8w; else for ever')
      .addHelpText(
        'after',
        examples(
          ['filon keys add phone', ''],
          ['filon keys add ci --models smollm2-135m --budget-tokens 1000000 --expires 30d', ''],
        ),
      );
  },
  run: async (cli) => {
    const wanted = wantedKey(cli);
    const added = await withKeys(cli, 'keys', (calls) => calls.addKey(wanted, { signal: cli.signal }));
    const { key, secret } = added;
    cli.out.result(added, secret);
    const until = key.expiresMs === null ? '' : ` It is valid until ${momentText(key.expiresMs)}.`;
    cli.out.say(
      `This is the key ${key.name}. It is shown only now: keep it where you keep passwords.${until}`,
    );
    if (key.budgetMoney !== null && parsePrice(cli.config().values.pricePerMillionTokens) === 0n) {
      cli.out.say(
        'Note: tokens cost nothing in the settings, so its budget in money holds nothing back. Set pricePerMillionTokens, and start the node again.',
      );
    }
  },
};

/** Codes: CLI_OPTION_INVALID, ACCESS_AMOUNT_INVALID. */
function wantedKey({ args, options }: Cli): NewKey {
  const { text, number } = options;
  const expires = text('expires');
  const budgetMoney = text('budgetMoney') ?? null;
  // Said at once, and not only by the node.
  if (budgetMoney !== null) parseMoney(budgetMoney);
  return {
    name: args[0] ?? '',
    models: modelsOf(text('models')),
    budgetTokens: number('budgetTokens', { min: 1, max: Number.MAX_SAFE_INTEGER }) ?? null,
    budgetMoney,
    requestsPerMinute: number('requestsPerMinute', { min: 1, max: KEY_REQUESTS_PER_MINUTE_MAX }) ?? null,
    tier: tierOf(options),
    expiresInMs: expires === undefined ? null : validFor(expires),
  };
}

function modelsOf(text: string | undefined): string[] | null {
  if (text === undefined) return null;
  const names = text.split(',').map((name) => name.trim());
  if (names.length <= KEY_MODELS_MAX && !names.includes('')) return names;
  throw wrongOption('--models', text, `up to ${KEY_MODELS_MAX} names with commas between`);
}

function tierOf({ text }: Options): NewKey['tier'] {
  const typed = text('tier') ?? 'own';
  const tier = TIERS.find((known) => known === typed);
  if (tier === undefined) throw wrongOption('--tier', typed, TIERS.join(', '));
  return tier;
}

function validFor(text: string): number {
  const expiresInMs = spanMs('--expires', text);
  if (expiresInMs <= KEY_DAYS_MAX * 86_400_000) return expiresInMs;
  throw wrongOption('--expires', text, `at most ${KEY_DAYS_MAX}d`);
}
