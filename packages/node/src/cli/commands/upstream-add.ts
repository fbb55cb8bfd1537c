/** `filon upstream add`: an endpoint that speaks OpenAI's API joins as a worker. */
import { FilonError } from '@filon/core/errors';
import { TIERS } from '@filon/core/serving/tier';
import { readUpstreamKey } from '../../home/upstream-keys.ts';
import { SESSIONS_DEFAULT, SESSIONS_MAX } from '../../serve/upstream/limits.ts';
import type { NewUpstream, UpstreamView } from '../../serve/upstream/places.ts';
import type { Cli, CommandModule } from '../context.ts';
import type { CliErrorDetails } from '../errors.ts';
import { examples } from '../examples.ts';
import { rateText } from '../format.ts';

export const upstreamAdd: CommandModule = {
  define: (command) => {
    command
      .argument('<url>', 'where its API is: http://10.0.0.7:8000, or with a path')
      .requiredOption('--model <name>', 'its model, as it calls that itself')
      .option('--name <name>', 'what the model is called here; else the same')
      .option('--key-file <file>', 'a file with its key, which nobody else may read; the node keeps a copy')
      .option('--fingerprint <sha256>', 'of its certificate, where no authority signed it: AB:CD:...')
      .option('--tier <tier>', `whose machine it is: ${TIERS.join(', ')}; else as its address says`)
      .option(
        '--serves <tier>',
        `whom of the swarm it answers at most: ${TIERS.join(', ')}; else your own nodes where it has a key, and whom this node serves where it has none`,
      )
      .option('--sessions <count>', `requests that it gets at the same time; else ${SESSIONS_DEFAULT}`)
      .addHelpText(
        'after',
        examples(
          ['filon upstream add http://10.0.0.7:8000 --model Qwen/Qwen3-32B', 'vLLM on this network'],
          ['filon upstream add https://models.example/v1 --model big --key-file big.key', ''],
        ),
      );
  },
  run: async (cli) => {
    const wanted = wantedUpstream(cli);
    cli.out.say(`Asking ${wanted.url} one small question ...`);
    const added = await cli.control.addUpstream(wanted, { signal: cli.signal });
    cli.out.result(added, addedText(added));
    if (added.tier !== 'own') cli.out.say(tierText(added));
  },
};

/** Codes: CLI_OPTION_INVALID, HOME_KEY. */
function wantedUpstream({ args, options }: Cli): NewUpstream {
  const keyFile = options.text('keyFile');
  return {
    url: args[0] ?? '',
    model: options.text('model') ?? '',
    name: options.text('name') ?? null,
    key: keyFile === undefined ? null : readUpstreamKey(keyFile),
    fingerprint: options.text('fingerprint')?.toUpperCase() ?? null,
    tier: tierOf('--tier', options.text('tier')),
    serves: tierOf('--serves', options.text('serves')),
    sessionsMax: options.number('sessions', { min: 1, max: SESSIONS_MAX }) ?? null,
  };
}

function tierOf(option: string, typed: string | undefined): NewUpstream['tier'] {
  if (typed === undefined) return null;
  const tier = TIERS.find((known) => known === typed);
  if (tier !== undefined) return tier;
  const allowed = TIERS.join(', ');
  throw new FilonError<CliErrorDetails>(
    { code: 'CLI_OPTION_INVALID', option, value: typed, allowed },
    `${option} cannot be ${JSON.stringify(typed)}. Allowed: ${allowed}.`,
  );
}

function addedText({ name, kind, firstTokenMs, rates }: UpstreamView): string {
  const first = firstTokenMs === null ? '' : `, first token after ${Math.round(firstTokenMs)} ms`;
  const [rate] = rates;
  const speed = rate === undefined ? '' : `, ${rateText(rate.decode)} tokens/s`;
  const program = kind === 'other' ? '' : ` (${kind})`;
  return `${name} is here now, by an upstream${program}${first}${speed}.`;
}

function tierText({ name, tier }: UpstreamView): string {
  return `It is taken for a machine of the tier ${tier}: only who asks within that tier reaches it. If ${name} runs on a machine of yours, remove it and add it again with --tier own.`;
}
