/** `filon backend rm`: takes an added backend out. */
import { rmSync } from 'node:fs';
import { backendFolder, backendNamed, isInstalled } from '../backends.ts';
import type { CommandModule } from '../context.ts';

export const backendRm: CommandModule = {
  define: (command) => {
    command.argument('<backend>', 'as `filon backend ls` names it');
  },
  run: async (cli) => {
    const backend = backendNamed(cli.args[0] ?? '');
    const removed = isInstalled(cli.paths, backend);
    rmSync(backendFolder(cli.paths, backend), { recursive: true, force: true });
    const text = removed
      ? `${backend.name} is out; a running node keeps it until its next start.`
      : `${backend.name} was not there.`;
    cli.out.result({ name: backend.name, removed }, text);
  },
};
