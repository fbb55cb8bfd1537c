/** A process that a test kills: invites and lets in one node after another, and says which invites it let in by. */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';
import { come, openIssuer } from './issuer-scene.ts';

const [path = ''] = process.argv.slice(2);
const issuer = openIssuer(await openSqliteStore({ path }));
for (let i = 0; ; i += 1) {
  const { invite } = issuer.invite({}, []);
  come(issuer, invite, `joiner ${i}`);
  writeSync(1, `${invite}\n`);
}
