/** `filon doctor`: what this machine can do, and what to mend. */
import { FilonError } from '@filon/core/errors';
import type { Cli, CommandModule } from '../context.ts';
import { ENGINE_CHECKS } from '../doctor/engine-checks.ts';
import { type Finding, runCheck } from '../doctor/finding.ts';
import { HOME_CHECKS } from '../doctor/home-checks.ts';
import { MACHINE_CHECKS } from '../doctor/machine-checks.ts';
import { MODEL_CHECKS } from '../doctor/model-checks.ts';
import { SWARM_CHECKS } from '../doctor/swarm-checks.ts';
import type { CliErrorDetails } from '../errors.ts';
import { examples } from '../examples.ts';
import { withHome } from '../hints.ts';

const CHECKS = [...MACHINE_CHECKS, ...HOME_CHECKS, ...ENGINE_CHECKS, ...MODEL_CHECKS, ...SWARM_CHECKS];

export const doctor: CommandModule = {
  define: (command) => {
    command
      .option('--deep', 'also hash every model')
      .option('--repair', 'move a damaged database aside')
      .addHelpText(
        'after',
        examples(['filon doctor', ''], ['filon doctor --deep', 'after a crash of the machine']),
      );
  },
  run: async (cli) => {
    const place = { cli, deep: cli.options.flag('deep'), repair: cli.options.flag('repair') };
    const findings: Finding[] = [];
    for (const check of CHECKS) {
      for (const finding of await runCheck(check, place)) {
        findings.push(finding);
        show(cli, finding);
      }
    }
    const failed = findings.filter((finding) => finding.state === 'fail').map((finding) => finding.name);
    cli.out.result({ findings }, '');
    if (failed.length > 0) throw doctorFailed(failed);
  },
};

function show(cli: Cli, { name, state, detail, advice }: Finding): void {
  const what = advice === null ? '' : `\n${' '.repeat(17)}${advice}`;
  const text = `${state.padEnd(4)}  ${name.padEnd(9)}  ${detail}${what}\n`;
  cli.out.write(withHome(text, cli.options.text('home')));
}

function doctorFailed(failed: string[]): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_DOCTOR_FAILED', failed },
    `${failed.length === 1 ? 'One check' : `${failed.length} checks`} failed: ${failed.join(', ')}. Above is what to do.`,
  );
}
