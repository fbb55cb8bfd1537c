/** `filon bench`: how fast a model is here, in the running node. */
import type { BenchReport } from '../../control/calls.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { rateText, tableText } from '../format.ts';
import { loadShown } from '../model-work.ts';

export const bench: CommandModule = {
  define: (command) => {
    command
      .argument('[model]', 'name; the default model without one')
      .option('--together <sessions>', 'sessions at once in the second run', '8')
      .option('--prompt <tokens>', 'tokens of a prompt', '512')
      .option('--answer <tokens>', 'tokens of an answer', '64')
      .addHelpText(
        'after',
        examples(['filon bench', 'the default model'], ['filon bench --together 4 --json', '']),
      );
  },
  run: async (cli) => {
    const name = cli.args[0] ?? cli.config().values.defaultModel;
    const together = cli.options.number('together', { min: 1, max: 64 }) ?? 8;
    const input = {
      name,
      sessions: together === 1 ? [1] : [1, together],
      promptTokens: cli.options.number('prompt', { min: 1, max: 100_000 }) ?? 512,
      generatedTokens: cli.options.number('answer', { min: 2, max: 10_000 }) ?? 64,
    };
    await loadShown(cli, cli.control, name);
    const report = await measured(cli, input);
    cli.out.result(report, reportText(report));
  },
};

async function measured(cli: Cli, input: Parameters<Cli['control']['bench']>[0]): Promise<BenchReport> {
  const line = cli.out.progress();
  try {
    return await cli.control.bench(input, {
      signal: cli.signal,
      onProgress: (progress) => {
        if (progress.kind !== 'share') return;
        line.update({ label: `measuring: ${progress.text}`, done: progress.share, total: 1, unit: 'share' });
      },
    });
  } finally {
    line.end();
  }
}

function reportText(report: BenchReport): string {
  const rows = report.runs.map((run) => [
    String(run.sessions),
    rateText(run.prefillTokensPerSecond),
    rateText(run.decodeTokensPerSecond),
    `${Math.round(run.firstTokenMs)} ms`,
  ]);
  const head = ['SESSIONS', 'PROMPT TOKENS/S', 'ANSWER TOKENS/S', 'FIRST TOKEN'];
  return `${report.model} on ${report.device}, ${report.mode}\n${tableText([head, ...rows])}`;
}
