/** The home: its folder, disk, settings, database, and who works in it. */
import { existsSync, renameSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { isFilonError, messageOf } from '@filon/core/errors';
import { formatBytes } from '@filon/core/units';
import { openSqliteStore } from '../../adapters/sqlite/store.ts';
import { takeHomeLock } from '../../home/lock.ts';
import { ensureHome, isOpenToOthers } from '../../home/paths.ts';
import type { Cli } from '../context.ts';
import { type Check, type CheckPlace, type Finding, fail, ok, warn } from './finding.ts';

const DISK_LEAST_BYTES = 200_000_000;
const DISK_GOOD_BYTES = 5_000_000_000;

const folder: Check = {
  name: 'home',
  run: async ({ cli }) => {
    ensureHome(cli.paths);
    const { home } = cli.paths;
    if (!isOpenToOthers(cli.paths)) return [ok('home', home)];
    return [warn('home', `${home}, which others may read`, `\`chmod 700 ${home}\``)];
  },
};

const disk: Check = {
  name: 'disk',
  run: async ({ cli }) => {
    const { bavail, bsize } = statfsSync(cli.paths.home);
    const detail = `${formatBytes(bavail * bsize)} free for ${cli.paths.home}`;
    const advice =
      'Free some space, or put the home on another disk with --home. Models have 0.1 to 20 GB each.';
    if (bavail * bsize < DISK_LEAST_BYTES) return [fail('disk', detail, advice)];
    return [bavail * bsize < DISK_GOOD_BYTES ? warn('disk', detail, advice) : ok('disk', detail)];
  },
};

const settings: Check = {
  name: 'settings',
  run: async ({ cli }) => {
    const { sources, strangers } = cli.config();
    const changed = Object.values(sources).filter((source) => source !== 'default').length;
    const found = [ok('settings', changed === 0 ? 'all defaults' : `${changed} changed`)];
    for (const name of strangers) {
      found.push(
        warn('settings', `the environment has ${name}`, 'It is no setting; `filon config` lists them.'),
      );
    }
    return found;
  },
};

const node: Check = {
  name: 'node',
  run: async ({ cli }) => {
    try {
      const { pid, url, ready, reason } = await cli.control.status({}, { signal: cli.signal });
      const detail = `process ${pid} at ${url}`;
      if (ready) return [ok('node', `${detail}, ready`)];
      return [warn('node', `${detail}: ${reason}`, '`filon run MODEL "Hello"` loads a model.')];
    } catch (error) {
      if (!isFilonError(error, 'CONTROL_NO_NODE')) throw error;
      return [ok('node', 'none runs in this home'), await portFinding(cli), ...(await databaseFindings(cli))];
    }
  },
};

const repair: Check = {
  name: 'repair',
  run: async (place) => (place.repair ? repairFindings(place) : []),
};

export const HOME_CHECKS: readonly Check[] = [folder, disk, settings, repair, node];

function portFinding(cli: Cli): Promise<Finding> {
  const { host, port } = cli.config().values;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => {
      const advice = 'Another program has it. Stop that, or choose another: `filon config set port 4142`.';
      resolve(fail('port', `${host}:${port}: ${messageOf(error)}`, advice));
    });
    server.listen({ host, port, exclusive: true }, () =>
      server.close(() => resolve(ok('port', `${host}:${port} is free`))),
    );
  });
}

async function databaseFindings(cli: Cli): Promise<Finding[]> {
  const { database } = cli.paths;
  if (!existsSync(database)) return [ok('database', 'none yet')];
  await using _lock = await takeHomeLock(cli.paths, { purpose: 'doctor' });
  try {
    await using _store = await openSqliteStore({ path: database });
    return [ok('database', database)];
  } catch (error) {
    return [fail('database', messageOf(error), '`filon doctor --repair` moves a damaged database aside.')];
  }
}

/** Only what cannot be opened is moved, and nothing is deleted. */
async function repairFindings({ cli }: CheckPlace): Promise<Finding[]> {
  const { database } = cli.paths;
  await using _lock = await takeHomeLock(cli.paths, { purpose: 'doctor' });
  try {
    await using _store = await openSqliteStore({ path: database });
    return [ok('repair', 'the database is sound; nothing was changed')];
  } catch (error) {
    if (!isFilonError(error, 'STORE_CORRUPT')) throw error;
    const aside = `${database}.damaged-${cli.surroundings.clock.nowMs()}`;
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(`${database}${end}`)) renameSync(`${database}${end}`, `${aside}${end}`);
    }
    return [warn('repair', `the damaged database is now ${aside}`, 'Certify models again for exact mode.')];
  }
}
