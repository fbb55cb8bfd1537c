/** A process that takes the lock of a home, says so and keeps it until it is killed or its input ends; or says why not and ends. */
import { writeSync } from 'node:fs';
import { isFilonError } from '@filon/core/errors';
import { takeHomeLock } from '@filon/node/home/lock';
import { homePaths } from '@filon/node/home/paths';

const [home = ''] = process.argv.slice(2);
try {
  await takeHomeLock(homePaths(home), { purpose: 'node' });
  writeSync(1, 'locked\n');
  process.stdin.resume().on('end', () => process.exit());
} catch (error) {
  writeSync(1, `${isFilonError(error) ? error.code : String(error)}\n`);
}
