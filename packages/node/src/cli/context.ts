/** What a command is given. Commands read nothing else: no environment, no global stream. */

import type { Device } from '@filon/core/serving/session';
import type { Command } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/settings.ts';
import type { Control, KeyControl, ModelControl, TrustControl } from '../control/calls.ts';
import type { HomePaths } from '../home/paths.ts';
import type { Clock } from '../ports/clock.ts';
import type { DataFiles } from '../ports/data-files.ts';
import type { Options } from './options.ts';
import type { Output } from './output.ts';

/** A node in this process. */
export interface OpenNode extends AsyncDisposable {
  readonly control: Control;
  /** Base of the HTTP API. */
  readonly url: string;
  /** Aborts when somebody asks the node to stop. */
  readonly stopAsked: AbortSignal;
}

/** What only the composition root can make. */
export interface Makers {
  /** Holds the home's lock from its first moment to its last. */
  openNode(options: { paths: HomePaths; settings: Config; signal: AbortSignal }): Promise<OpenNode>;
  /** The stored models without a node; holds the home's lock. */
  openModelCalls(options: {
    paths: HomePaths;
    settings: Config;
    purpose: string;
  }): Promise<ModelControl & AsyncDisposable>;
  /** The keys without a node; holds the home's lock. */
  openKeyCalls(options: {
    paths: HomePaths;
    settings: Config;
    purpose: string;
  }): Promise<KeyControl & AsyncDisposable>;
  /** The trust list without a node; holds the home's lock. */
  openTrustCalls(options: { paths: HomePaths; purpose: string }): Promise<TrustControl & AsyncDisposable>;
  /** Files of training data; what is fetched is kept in the home. */
  openDataFiles(options: { paths: HomePaths }): Promise<DataFiles>;
  /** Loads the engine's libraries in a child process and lists the devices that answered. */
  probeDevices(options: {
    paths: HomePaths;
    settings: Config;
    signal: AbortSignal;
  }): Promise<readonly Device[]>;
}

export interface Surroundings {
  version: string;
  /** Without the runtime and the program. */
  argv: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  clock: Clock;
  /** Aborts at the first Ctrl-C or end signal. */
  signal: AbortSignal;
  /** The program file, to start a node in the background. */
  program: string;
  /** Of the repository, with the pinned sets of backends. */
  root: string;
  makers: Makers;
}

export interface Cli {
  readonly paths: HomePaths;
  readonly out: Output;
  readonly options: Options;
  readonly args: readonly string[];
  readonly surroundings: Surroundings;
  readonly signal: AbortSignal;
  /** Of the node that runs in this home; every call fails with CONTROL_NO_NODE when there is none. */
  readonly control: Control;
  /** The whole tree of commands, for what describes it. */
  tree(): Promise<Command>;
  /** Flags are those of this command. Codes: CONFIG_*. */
  config(): LoadedConfig;
}

export interface CommandModule {
  /** Adds arguments, options and examples. */
  define(command: Command): void;
  run(cli: Cli): Promise<void>;
}
