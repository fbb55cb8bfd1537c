/** The tree keeps to docs/ARCHITECTURE.md, and each rule is seen to fail where it is broken. */
import { describe, expect, test } from 'vitest';
import { cyclesIn, fileGraph, levelGraph } from './architecture/cycles.ts';
import { directionFaults } from './architecture/directions.ts';
import { habitFaults, sightFaults } from './architecture/habits.ts';
import { type Module, parseModule, readModules } from './architecture/modules.ts';
import { anyFaults, sizeFaults } from './architecture/sizes.ts';

const MODULES_LEAST = { core: 8, engine: 30, node: 40, web: 15 };

function tree(files: Record<string, string>): Module[] {
  return Object.entries(files).map(([path, text]) => parseModule(`packages/${path}`, text));
}

describe('the tree', async () => {
  const modules = await readModules(new URL('..', import.meta.url).pathname);
  const files = fileGraph(modules);

  test('is seen at all', () => expect(sightFaults(modules, MODULES_LEAST)).toEqual([]));
  test('has imports that were followed', () => {
    const followed = [...files.values()].reduce((sum, targets) => sum + targets.size, 0);
    expect(followed).toBeGreaterThan(modules.length);
  });
  test('imports in the allowed directions', () => expect(directionFaults(modules)).toEqual([]));
  test('has no cycle of files', () => expect(cyclesIn(files)).toEqual([]));
  test('has no cycle of folders', () => expect(cyclesIn(levelGraph(files))).toEqual([]));
  test('has files and functions of the allowed sizes', () => expect(sizeFaults(modules)).toEqual([]));
  test('hardly uses any', () => expect(anyFaults(modules)).toEqual([]));
  test('keeps the habits of the house', () => expect(habitFaults(modules)).toEqual([]));
});

describe('directions', () => {
  test.each([
    ['core to engine', 'core/src/a.ts', "import { x } from '@filon/engine/b';"],
    ['core to Node', 'core/src/a.ts', "import { x } from 'node:fs';"],
    ['core to the clock', 'core/src/a.ts', 'export const now = (): number => Date.now();'],
    ['core to randomness', 'core/src/a.ts', 'export const dice = (): number => Math.random();'],
    ['engine to node', 'engine/src/a.ts', "import type { X } from '@filon/node/ports/log';"],
    ['ports to engine', 'node/src/ports/a.ts', "import type { X } from '@filon/engine/b';"],
    ['serve to an adapter', 'node/src/serve/a.ts', "import type { X } from '../adapters/hub/b.ts';"],
    ['one step of serving to another', 'node/src/serve/run.ts', "import type { R } from './route.ts';"],
    ['serve to rig', 'node/src/serve/a.ts', "export * from '../rig/b.ts';"],
    ['one adapter to another', 'node/src/adapters/hub/a.ts', "import { x } from '../memory/b.ts';"],
    ['an adapter to serve', 'node/src/adapters/hub/a.ts', "type X = import('../../serve/b.ts').X;"],
    ['gateway to cli', 'node/src/gateway/a.ts', "export const x = await import('../cli/b.ts');"],
    ['web to node', 'web/src/a.tsx', "import type { X } from '@filon/node/ports/log';"],
    ['web to engine', 'web/src/a.ts', "import { x } from '@filon/engine/b';"],
    ['anything to main', 'node/src/cli/a.ts', "import { x } from '../main.ts';"],
    ['a folder that nobody decided on', 'node/src/helpers/a.ts', ''],
  ])('refuse %s', (_, path, text) => {
    expect(directionFaults(tree({ [path]: text }))).toHaveLength(1);
  });

  test('allow what the architecture says', () => {
    const modules = tree({
      'core/src/a.ts': "import { z } from 'zod'; import './model/b.ts';",
      'engine/src/a.ts': "import '@filon/core/a'; import 'node:fs'; import './ffi/b.ts';",
      'node/src/ports/a.ts': "import type { A } from '@filon/core/a';",
      'web/src/app/a.tsx':
        "import { a } from '@filon/core/a'; import 'react'; import '../ui/b.tsx'; import './a.css';",
      'node/src/serve/a.ts': "import type { A } from '../ports/a.ts'; import './b.ts';",
      'node/src/adapters/hub/a.ts': "import '../../ports/a.ts'; import './b.ts'; import '@filon/engine/a';",
      'node/src/gateway/a.ts': "import '../serve/a.ts';",
      'node/src/main.ts': "import './gateway/a.ts'; import './cli/a.ts'; import './adapters/hub/a.ts';",
    });
    expect(directionFaults(modules)).toEqual([]);
  });
});

describe('cycles', () => {
  test('are found through types, re-exports and packages', () => {
    const modules = tree({
      'core/src/a.ts': "import type { B } from './b.ts';",
      'core/src/b.ts': "export * from '@filon/core/c';",
      'core/src/c.ts': "type A = import('./a.ts').A;",
      'core/src/d.ts': "import './a.ts';",
    });
    expect(cyclesIn(fileGraph(modules))).toEqual([
      'packages/core/src/a.ts -> packages/core/src/b.ts -> packages/core/src/c.ts -> packages/core/src/a.ts',
    ]);
  });

  test('are found between folders whose files have none', () => {
    const files = fileGraph(
      tree({
        'core/src/x/a.ts': "import '../y/a.ts';",
        'core/src/y/a.ts': '',
        'core/src/y/b.ts': "import '../x/b.ts';",
        'core/src/x/b.ts': '',
      }),
    );
    expect(cyclesIn(files)).toEqual([]);
    expect(cyclesIn(levelGraph(files))).toEqual([
      'packages/core/src/x -> packages/core/src/y -> packages/core/src/x',
    ]);
  });
});

describe('levels', () => {
  test('refuse a folder and the file beside it that use one another', () => {
    const files = fileGraph(
      tree({
        'core/src/x/a.ts': "import '../b.ts';",
        'core/src/b.ts': "import './x/c.ts';",
        'core/src/x/c.ts': '',
      }),
    );
    expect(cyclesIn(files)).toEqual([]);
    expect(cyclesIn(levelGraph(files))).toHaveLength(1);
  });

  test('allow a folder that is used by one file and uses another beside it', () => {
    const files = fileGraph(
      tree({
        'core/src/a.ts': "import './x/b.ts';",
        'core/src/x/b.ts': "import '../c.ts';",
        'core/src/c.ts': '',
      }),
    );
    expect(cyclesIn(levelGraph(files))).toEqual([]);
  });
});

describe('sizes', () => {
  const lines = (count: number): string => 'export {};\n'.repeat(count);
  const body = (count: number): string => `export function f(): void {\n${'f();\n'.repeat(count - 2)}}\n`;
  const many = (count: number, text: string): Module[] =>
    Array.from({ length: count }, (_, index) => parseModule(`packages/core/src/${index}.ts`, text));

  test('refuse one file over 500 lines', () => {
    expect(sizeFaults([...many(30, lines(10)), ...many(1, lines(500))])).toEqual([]);
    expect(sizeFaults([...many(30, lines(10)), ...many(1, lines(501))])).toHaveLength(1);
  });
  test('refuse over a tenth of files above 300 lines', () => {
    expect(sizeFaults([...many(9, lines(10)), ...many(1, lines(301))])).toEqual([]);
    expect(sizeFaults([...many(8, lines(10)), ...many(2, lines(301))])).toHaveLength(1);
  });
  test('refuse a median above 120 lines', () => {
    expect(sizeFaults(many(3, lines(120)))).toEqual([]);
    expect(sizeFaults(many(3, lines(121)))).toHaveLength(1);
  });
  test('refuse one function over 70 lines, and over a tenth above 40', () => {
    expect(sizeFaults([...many(9, body(40)), ...many(1, body(70))])).toEqual([]);
    expect(sizeFaults([...many(9, body(40)), ...many(1, body(71))])).toHaveLength(1);
    expect(sizeFaults([...many(8, body(40)), ...many(2, body(41))])).toHaveLength(1);
  });
  test('see methods, arrows and accessors as functions', () => {
    const [module] = tree({
      'core/src/a.ts': 'class A { m() {} get g() { return () => 1; } constructor() {} }',
    });
    expect(module?.functions.map(({ name }) => name)).toEqual(['m', 'g', '(anonymous)', '(anonymous)']);
  });
  test('count any as a type, not as a word', () => {
    expect(anyFaults(tree({ 'core/src/a.ts': '// any\nexport const any = "any";\n' }))).toEqual([]);
    expect(anyFaults(tree({ 'core/src/a.ts': 'export const x = (y: any): void => y;' }))).toHaveLength(1);
    expect(anyFaults([...tree({ 'core/src/a.ts': `let x: any;\n${lines(1999)}` })])).toEqual([]);
  });
});

describe('habits', () => {
  test.each([
    ['a suppressed check', '// @ts-expect-error\nexport {};'],
    ['an unfinished mark', '// TODO: later\nexport {};'],
    ['an error without a code', 'throw new Error("no");'],
    ['the environment', 'export const home = process.env.HOME;'],
  ])('refuse %s', (_, text) => expect(habitFaults(tree({ 'node/src/cli/a.ts': text }))).toHaveLength(1));

  test('let main read the environment', () => {
    expect(habitFaults(tree({ 'node/src/main.ts': 'export const home = process.env;' }))).toEqual([]);
  });
  test('miss modules that are not there', () => {
    expect(sightFaults(tree({ 'core/src/a.ts': '' }), { core: 1, node: 1 })).toHaveLength(1);
  });
});
