/** `filon certify`: finds and proves settings in which a model answers with the same bytes whatever happens. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';

export const certify: CommandModule = {
  define: (command) => {
    command
      .argument('<model>', 'name, or beginning of the sha256')
      .addHelpText('after', examples(['filon certify smollm2-135m', 'then: filon up --mode exact']));
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const line = cli.out.progress();
    try {
      const certified = await cli.control.certify(
        { name },
        {
          signal: cli.signal,
          onProgress: (progress) => {
            if (progress.kind !== 'share') return;
            line.update({ label: `certifying ${name}`, done: progress.share, total: 1, unit: 'share' });
          },
        },
      );
      line.end();
      const facts = JSON.stringify(certified.certificate, null, 2);
      cli.out.result(certified, `${certified.name} is certified for exact mode on this device.\n${facts}`);
    } finally {
      line.end();
    }
  },
};
