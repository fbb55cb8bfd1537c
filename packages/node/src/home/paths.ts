/** Where everything of a node lies: one folder that only its user may enter. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import type { HomeErrorDetails } from './errors.ts';

export interface HomePaths {
  home: string;
  config: string;
  database: string;
  lock: string;
  /** Who holds the lock, for people. */
  holder: string;
  socket: string;
  /** The API for commands of the node's own user. */
  apiSocket: string;
  /** The certificate that the node made for itself, and its key. */
  certificate: string;
  certificateKey: string;
  nodeKey: string;
  operatorKey: string;
  /** The folder of the root keys of swarms that were made here. */
  swarmKeys: string;
  /** The folder of keys of endpoints that are not ours. */
  upstreamKeys: string;
  log: string;
  /** What a node in the background said before it had a log. */
  startLog: string;
  models: string;
  /** Training data: what was fetched, and what was prepared. */
  data: string;
  /** Runs: their records, metrics and checkpoints. */
  training: string;
  backends: string;
  chatHistory: string;
}

export function homePaths(folder: string): HomePaths {
  const home = resolve(folder);
  return {
    home,
    config: join(home, 'config.json'),
    database: join(home, 'filon.db'),
    lock: join(home, 'node.lock'),
    holder: join(home, 'node.json'),
    socket: join(home, 'control.sock'),
    apiSocket: join(home, 'api.sock'),
    certificate: join(home, 'tls', 'cert.pem'),
    certificateKey: join(home, 'tls', 'key.pem'),
    nodeKey: join(home, 'node.key'),
    operatorKey: join(home, 'operator.key'),
    swarmKeys: join(home, 'swarms'),
    upstreamKeys: join(home, 'upstreams'),
    log: join(home, 'logs', 'filon.log'),
    startLog: join(home, 'logs', 'start.log'),
    models: join(home, 'models'),
    data: join(home, 'data'),
    training: join(home, 'training'),
    backends: join(home, 'backends'),
    chatHistory: join(home, 'chat-history'),
  };
}

/** Makes the folder with mode 0700 when it is not there; one that is there keeps its mode. Code: HOME_UNAVAILABLE. */
export function ensureHome(paths: HomePaths): void {
  const { home } = paths;
  try {
    makeFolders(home);
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw homeUnavailable(home, error);
  }
}

export function homeUnavailable(home: string, error: unknown): FilonError<HomeErrorDetails> {
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  const remedy = full ? 'Free some space' : 'Choose another with --home or FILON_HOME';
  return new FilonError<HomeErrorDetails>(
    { code: 'HOME_UNAVAILABLE', home },
    `The home ${home} cannot be used: ${messageOf(error)}. ${remedy}.`,
    { cause: error },
  );
}

/** Step by step: Node's own recursive way never returns where making a folder fails with ENOENT, as it does in /proc. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have been faster.
    if (!existsSync(folder)) throw error;
  }
}

/** Whether other users of the machine may enter the home. */
export function isOpenToOthers(paths: HomePaths): boolean {
  return (statSync(paths.home).mode & 0o077) !== 0;
}
