import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Prints the packages that come with the models of a node that fetches nothing. */
const LOAD = `
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    resolve: (specifier, context, next) => {
      if (/^[@a-z]/.test(specifier) && !/^(node:|@filon\\/)/.test(specifier)) packages.add(specifier);
      return next(specifier, context);
    },
  });
  await import(${JSON.stringify(new URL('./open-models.ts', import.meta.url).href)});
  console.log([...packages].sort().join());
`;

test('what only downloads need is not loaded before there is one', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', LOAD]);
  expect(stdout).toContain('zod');
  expect(stdout).not.toMatch(/hub|yauzl/);
});
