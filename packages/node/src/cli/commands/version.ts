/** `filon version`: what this is made of. */
import type { CommandModule } from '../context.ts';

export const version: CommandModule = {
  define: () => {},
  run: async (cli) => {
    // Brings the native binding with it, so only here.
    const { ENGINE_PIN } = await import('@filon/engine/ffi/library-set');
    const facts = {
      filon: cli.surroundings.version,
      node: process.versions.node,
      engine: ENGINE_PIN.llama,
      enginePackage: ENGINE_PIN.package,
      platform: `${process.platform}-${process.arch}`,
    };
    const lines = [
      `filon   ${facts.filon}`,
      `node    ${facts.node}, ${facts.platform}`,
      `engine  llama.cpp ${facts.engine}, from package ${facts.enginePackage}`,
    ];
    cli.out.result(facts, lines.join('\n'));
  },
};
