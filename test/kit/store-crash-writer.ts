/** A process that the crash test kills: stores pairs of rows for ever and says which of them it was told are safe. */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '@filon/node/adapters/sqlite/store';

const [path = ''] = process.argv.slice(2);
const store = await openSqliteStore({ path });
for (let i = 0; ; i++) {
  store.transaction(() => {
    store.put('certificates', `left/${i}`, i);
    store.put('certificates', `right/${i}`, i);
  });
  writeSync(1, `${i}\n`);
}
