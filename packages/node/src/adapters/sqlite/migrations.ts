/**
 * The tables' history. A published step never changes; new ones go to the end. `user_version` of the file counts the
 * steps it has seen.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE certificates (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE pins (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE leases (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
];
