/** Ollama's names have a tag, and `latest` when nobody gave one; ours may have one or none. */

/**
 * Our name for what a client of Ollama's calls a model: the same name; without `:latest`; with any tag of ours where the
 * client gave none; or with a dash where the client writes a colon. Unchanged when nothing fits.
 */
export function ourName(asked: string, stored: readonly { name: string }[]): string {
  const names = stored.map(({ name }) => name);
  const bare = asked.endsWith(':latest') ? asked.slice(0, -':latest'.length) : asked;
  for (const name of [asked, bare, bare.replace(':', '-')]) {
    if (names.includes(name)) return name;
    const tagged = names.find((other) => other.startsWith(`${name}:`));
    if (tagged !== undefined) return tagged;
  }
  return asked;
}
