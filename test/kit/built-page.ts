/** The page as `./filon up` builds it, from the sources as they are now. */
import { dirname, join } from 'node:path';

const root = dirname(dirname(import.meta.dirname));

interface WebBuild {
  buildWeb(root: string, say: (text: string) => void): boolean;
}

/** The folder that a node serves. */
export async function builtPage(): Promise<string> {
  const { buildWeb }: WebBuild = await import(join(root, 'launcher', 'web.mjs'));
  const said: string[] = [];
  if (!buildWeb(root, (text) => said.push(text))) throw new RangeError(said.join('\n'));
  return join(root, 'packages', 'web', 'dist');
}
