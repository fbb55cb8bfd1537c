/** `filon train ls`: the runs of this home. */
import type { RunView } from '@filon/core/training/run';
import type { CommandModule } from '../context.ts';
import { durationText, rateText, tableText } from '../format.ts';

export const trainLs: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const runs = await cli.control.runs({}, { signal: cli.signal });
    const none = 'No runs. `filon train tiny-scratch` begins one that takes minutes.';
    cli.out.result(runs, runs.length === 0 ? none : tableText([HEAD, ...runs.map(rowOf)]));
  },
};

const HEAD = ['RUN', 'STATE', 'STEP', 'LOSS', 'TOKENS/S', 'LEFT', 'MODEL'];

function rowOf({ id, state, steps, progress, result }: RunView): string[] {
  const { step, loss, tokensPerSecond, secondsLeft } = progress;
  const isTraining = state === 'training';
  return [
    ...[id, state, steps === null ? '-' : `${step} of ${steps}`],
    loss?.toFixed(3) ?? '-',
    isTraining && tokensPerSecond !== null ? rateText(tokensPerSecond) : '-',
    isTraining && secondsLeft !== null ? durationText(secondsLeft * 1000) : '-',
    result?.name ?? '-',
  ];
}
