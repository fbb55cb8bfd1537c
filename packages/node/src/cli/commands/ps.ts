/** `filon ps`: the models in memory. */

import { formatBytes } from '@filon/core/units';
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';

export const ps: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const models = await cli.control.running({}, { signal: cli.signal });
    const rows = models.map((model) => [
      model.name,
      model.device,
      model.mode,
      formatBytes(model.bytes),
      `${model.sessions} of ${model.sessionsMax}`,
      String(model.contextTokens),
    ]);
    const head = ['NAME', 'DEVICE', 'MODE', 'MEMORY', 'SESSIONS', 'CONTEXT'];
    cli.out.result(models, rows.length === 0 ? 'No model is in memory.' : tableText([head, ...rows]));
  },
};
