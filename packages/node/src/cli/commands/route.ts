/** `filon route`: where a request would be answered now, and why there. */
import type { RoutePlace, RouteView } from '../../control/swarm-calls.ts';
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { tableText } from '../format.ts';
import { TIER_HELP, tierFrom } from '../swarm-words.ts';

const TOKENS = { min: 1, max: 10_000_000 };

export const route: CommandModule = {
  define: (command) => {
    command
      .argument('<model>', 'name, or beginning of the sha256')
      .option('--tier <tier>', `${TIER_HELP}: own, trusted, open (else the setting swarmTier)`)
      .option('--prompt-tokens <count>', 'of the prompt', '500')
      .option('--answer-tokens <count>', 'of the answer', '200')
      .addHelpText(
        'after',
        examples(
          ['filon route smollm2-135m --tier open', ''],
          ['filon route smollm2-135m --prompt-tokens 8000', 'a long prompt may go elsewhere'],
        ),
      );
  },
  run: async (cli) => {
    const [model = ''] = cli.args;
    const { options } = cli;
    const asked = {
      model,
      tier: tierFrom(options) ?? null,
      promptTokens: options.number('promptTokens', TOKENS) ?? 500,
      answerTokens: options.number('answerTokens', TOKENS) ?? 200,
    };
    const view = await cli.control.route(asked, { signal: cli.signal });
    cli.out.result(view, routeText(view));
  },
};

const HEAD = [
  'PLACE',
  'TIER',
  'ROUND TRIP',
  'QUEUE',
  'LOAD',
  'PROMPT',
  'ANSWER',
  'PRICE',
  'RELIED ON',
  'COST',
];

const WHY: Readonly<Record<RouteView['refused'][number]['refusal'], string>> = {
  'other-model': 'it has another model',
  excluded: 'it failed this request',
  tier: 'the tier does not reach its operator',
  unwilling: 'it answers its own operator alone',
  'not-ready': 'it has the model not in memory, its upstream is down, or it did not say',
  'other-class': 'it computes in another numeric class',
  'not-replayable': 'it cannot go on with an answer',
  context: 'its context is too short',
  unreliable: 'it failed too often here, or gave wrong bytes',
};

function routeText({ model, tier, places, refused }: RouteView): string {
  const rows = places.map(({ tier: needed, cost, stayed, ...place }) => [
    stayed ? `${placeText(place)} (was there before)` : placeText(place),
    needed,
    ms(cost.roundTripMs),
    ms(cost.queueMs),
    ms(cost.loadMs),
    ms(cost.prefillMs + cost.savedMs),
    ms(cost.decodeMs),
    ms(cost.priceMs),
    cost.reliability.toFixed(2),
    ms(cost.totalMs),
  ]);
  const head = `${model}, in the tier ${tier}: expected times, the cheapest place first`;
  const table = rows.length === 0 ? 'No place can compute it now.' : tableText([HEAD, ...rows]);
  const left = refused.map(({ refusal, ...place }) => `Not ${placeText(place)}: ${WHY[refusal]}`);
  return [head, table, ...left].join('\n');
}

function placeText({ name, upstream }: RoutePlace): string {
  return upstream ? `${name} (upstream)` : name;
}

function ms(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`;
}
