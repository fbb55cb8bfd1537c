/** The command line: finds the command, loads its file, gives it what it needs, and turns errors into an exit code. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FilonError, isFilonError } from '@filon/core/errors';
import { Command, CommanderError } from 'commander';
import { readConfigFile } from '../config/file.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { SETTING_NAMES } from '../config/settings.ts';
import { createControlClient } from '../control/client.ts';
import { type HomePaths, homePaths } from '../home/paths.ts';
import { COMMANDS, type CommandEntry, PARENTS } from './commands.ts';
import type { Cli, CommandModule, Surroundings } from './context.ts';
import type { CliErrorDetails } from './errors.ts';
import { type Options, readOptions } from './options.ts';
import { createOutput } from './output.ts';

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** 128 and the number of SIGINT, as shells count. */
export const EXIT_INTERRUPTED = 130;

/** Runs what was typed; resolves to the exit code. */
export async function runProgram(surroundings: Surroundings): Promise<number> {
  const { argv, stdout, stderr, clock } = surroundings;
  const out = createOutput({ json: argv.includes('--json'), home: typedHome(argv), stdout, stderr, clock });
  const program = await buildProgram(surroundings, (entry) => argv.includes(firstWord(entry)));
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(withDashedKeys(withHelp(argv)), { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const interrupted = surroundings.signal.aborted;
    const shown = interrupted ? interruption() : asUsage(error, argv);
    out.failure(shown);
    if (interrupted) return EXIT_INTERRUPTED;
    return isFilonError(shown, 'CLI_USAGE') || isFilonError(shown, 'CLI_OPTION_INVALID')
      ? EXIT_USAGE
      : EXIT_FAILED;
  }
}

/** `help swarm create` in other words: commander's own help takes one word, and would show that of `swarm`. */
function withHelp(argv: readonly string[]): string[] {
  const [help, ...words] = argv;
  const isBelow = words.length > 1 && COMMANDS.some(({ name }) => name === words.slice(0, 2).join(' '));
  return help === 'help' && isBelow ? [...words, '--help'] : [...argv];
}

const DASHED_KEY = /^-[\w-]{42}$/;

/** One key in 64 begins with a dash, and would be taken for options: it goes behind them. */
function withDashedKeys(argv: readonly string[]): string[] {
  const keys = argv.filter((word) => DASHED_KEY.test(word));
  if (keys.length === 0 || argv.includes('--')) return [...argv];
  return [...argv.filter((word) => !DASHED_KEY.test(word)), '--', ...keys];
}

/** Commands whose file is not wanted are there by name and summary alone. */
export async function buildProgram(
  surroundings: Surroundings,
  wanted: (entry: CommandEntry) => boolean,
): Promise<Command> {
  const program = new Command('filon')
    .description('Chat with open models on your own machines, and let the machines of others help.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void surroundings.stdout.write(text),
      // Usage errors are shown like all others.
      writeErr: () => {},
    })
    .commandsGroup('More:')
    .helpCommand('help [command]', 'show how a command is used')
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...argumentsOf(command)].join(' ') })
    .addHelpText(
      'after',
      '\nStart here:\n  filon up      a node with a small model, ready to answer\n  filon chat    talk with it\n  filon test    check that this copy of Filon is sound',
    );
  common(program);
  for (const entry of COMMANDS) {
    const module = wanted(entry) ? await entry.load() : null;
    addCommand(program, entry, module, surroundings);
  }
  return program;
}

function addCommand(
  program: Command,
  entry: CommandEntry,
  module: CommandModule | null,
  surroundings: Surroundings,
): void {
  const [first = '', second] = entry.name.split(' ');
  const parent = second === undefined ? program : parentOf(program, first);
  const command = parent
    .command(second ?? first)
    .summary(entry.summary)
    .description(sentence(entry.summary));
  if (second === undefined) command.helpGroup(`${entry.group}:`);
  common(command);
  if (module === null) return;
  command.allowExcessArguments(false);
  module.define(command);
  command.action(() => {
    checkArguments(command);
    return module.run(createCli(command, surroundings));
  });
}

/** `filon show "$UNSET"` is a slip; only the value of a setting may be nothing. */
function checkArguments(command: Command): void {
  for (const [index, argument] of command.registeredArguments.entries()) {
    if (command.args[index]?.trim() !== '' || argument.name() === 'value') continue;
    throw cannotBeEmpty(`<${argument.name()}>`, argument.description);
  }
}

function parentOf(program: Command, name: string): Command {
  const there = program.commands.find((command) => command.name() === name);
  if (there !== undefined) return there;
  const about = PARENTS[name];
  const parent = program
    .command(name)
    .summary(about?.summary ?? '')
    .helpGroup(`${about?.group ?? 'More'}:`);
  common(parent);
  return parent;
}

function common(command: Command): void {
  command
    .option('--home <folder>', 'where this node keeps everything (else FILON_HOME, else ~/.filon)')
    .option('--json', 'print JSON lines');
}

function createCli(command: Command, surroundings: Surroundings): Cli {
  const values = command.optsWithGlobals<Record<string, unknown>>();
  const { environment, stdout, stderr, clock, signal } = surroundings;
  const options = readOptions(values);
  const paths = homePaths(homeOf(options, environment));
  return {
    paths,
    options,
    surroundings,
    signal,
    args: command.args,
    out: createOutput({ json: options.flag('json'), home: options.text('home'), stdout, stderr, clock }),
    control: createControlClient(paths),
    tree: () => buildProgram(surroundings, () => true),
    config: () => configOf(paths, { values, environment }),
  };
}

/** What a failure can know of it before anything was parsed. */
function typedHome(argv: readonly string[]): string | undefined {
  const at = argv.indexOf('--home');
  const joined = argv.find((word) => word.startsWith('--home='))?.slice('--home='.length);
  return (at === -1 ? joined : argv[at + 1]) || undefined;
}

/** `--home "$UNSET"` is a slip, and the folder at hand no home. */
function homeOf(options: Options, environment: Surroundings['environment']): string {
  const typed = options.text('home');
  if (typed === '') throw cannotBeEmpty('--home', 'a folder');
  return typed ?? (environment['FILON_HOME'] || join(homedir(), '.filon'));
}

function cannotBeEmpty(option: string, allowed: string): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_OPTION_INVALID', option, value: '', allowed },
    `${option} cannot be "". Allowed: ${allowed}.`,
  );
}

function configOf(
  paths: HomePaths,
  inputs: { values: Record<string, unknown>; environment: Surroundings['environment'] },
): LoadedConfig {
  const flags = SETTING_NAMES.map((name) => [name, readOptions(inputs.values).text(name)]);
  return loadConfig({
    file: readConfigFile(paths.config),
    filePath: paths.config,
    environment: inputs.environment,
    flags: Object.fromEntries(flags),
  });
}

function asUsage(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error;
  const text = error.code === 'commander.help' ? whatIsMissing(argv) : error.message;
  const plain = text
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .replace(/[.\s]+$/, '');
  return new FilonError<CliErrorDetails>(
    { code: 'CLI_USAGE' },
    `${plain}. \`filon help\` shows the commands.`,
  );
}

/** Of a group of commands without one of them, and of help for a command that is not there. */
function whatIsMissing(argv: readonly string[]): string {
  const group = Object.keys(PARENTS).find((name) => argv.includes(name));
  if (argv.includes('help') || group === undefined) {
    return `Unknown command '${argv[argv.indexOf('help') + 1] ?? ''}'`;
  }
  const commands = COMMANDS.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name);
  return `'${group}' does nothing by itself; there are ${commands.map((name) => `\`filon ${name}\``).join(', ')}`;
}

function interruption(): FilonError<CliErrorDetails> {
  return new FilonError<CliErrorDetails>({ code: 'CLI_INTERRUPTED' }, 'Stopped before it was done.');
}

function argumentsOf(command: Command): string[] {
  return command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
}

function firstWord(entry: CommandEntry): string {
  return entry.name.split(' ')[0] ?? '';
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
