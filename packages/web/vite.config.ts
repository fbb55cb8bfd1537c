/** Builds the page into `dist`: hashed assets, each with a gzip beside it that the node serves as it is. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin, type UserConfig } from 'vite';

const COMPRESSIBLE = /\.(html|js|css|svg)$/;
/** Browsers that we build for read woff2; the other two forms of each font would only be weight. */
const OLD_FONTS = /,\s*url\([^)]+\.(?:woff|ttf)\)\s*format\([^)]+\)/g;

const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2023',
    // The content security policy allows no `data:` scripts or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [react(), leaveOldFontsOut(), compress()],
});
export default config;

function leaveOldFontsOut(): Plugin {
  return {
    name: 'filon:fonts',
    enforce: 'pre',
    transform: (code, id) => (/katex[^/]*\.css$/.test(id) ? code.replace(OLD_FONTS, '') : null),
  };
}

function compress(): Plugin {
  let folder = '';
  return {
    name: 'filon:gzip',
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    closeBundle: async () => {
      for (const file of await readdir(folder, { recursive: true })) {
        if (!COMPRESSIBLE.test(file)) continue;
        const path = join(folder, file);
        const small = await promisify(gzip)(await readFile(path), { level: constants.Z_BEST_COMPRESSION });
        await writeFile(`${path}.gz`, small);
      }
    },
  };
}
