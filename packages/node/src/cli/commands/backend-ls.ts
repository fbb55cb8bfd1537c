/** `filon backend ls`: what computes here. */
import { BACKENDS, isInstalled } from '../backends.ts';
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';

export const backendLs: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const base = [
      { name: 'cpu', title: 'any processor', installed: true, base: true },
      {
        name: 'vulkan',
        title: 'AMD, NVIDIA and Intel cards with a Vulkan driver',
        installed: true,
        base: true,
      },
    ];
    const added = BACKENDS.map((backend) => ({
      name: backend.name,
      title: backend.title,
      installed: isInstalled(cli.paths, backend),
      base: false,
    }));
    const all = [...base, ...added];
    const rows = all.map((one) => {
      const state = one.installed ? 'yes' : `no; \`filon backend add ${one.name}\``;
      return [one.name, state, one.title];
    });
    cli.out.result(all, tableText([['BACKEND', 'HERE', 'FOR'], ...rows]));
  },
};
