/** `filon certify`: finds and proves settings in which a model answers with the same bytes whatever happens. */
import { z } from 'zod';
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { rateText, tableText } from '../format.ts';

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
      cli.out.result(certified, certificateText(certified.name, certified.certificate));
    } finally {
      line.end();
    }
  },
};

const speed = z.object({ prefill: z.number(), decodeOne: z.number(), decodeEight: z.number() });
const certificateSchema = z.object({
  device: z.string(),
  numericClass: z.string().nullable(),
  speed: z.object({ exact: speed, fast: speed }).nullable(),
});

function certificateText(name: string, certificate: unknown): string {
  const { device, numericClass, speed: speeds } = certificateSchema.parse(certificate);
  if (numericClass === null) {
    return `${name} cannot be served in exact mode on ${device}: no settings held. Fast mode is not touched by that.`;
  }
  const first = `${name} is certified for exact mode on ${device}, numeric class ${numericClass}.`;
  if (speeds === null) return first;
  const rows = (['fast', 'exact'] as const).map((mode) => {
    const { prefill, decodeOne, decodeEight } = speeds[mode];
    return [mode, rateText(prefill), rateText(decodeOne), rateText(decodeEight)];
  });
  return `${first}\n${tableText([['TOKENS/S', 'PROMPT', '1 SESSION', '8 SESSIONS'], ...rows])}`;
}
