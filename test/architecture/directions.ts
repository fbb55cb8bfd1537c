/** Who may import whom. A folder without a line here is refused, so that each new one is decided on. */
import { type Module, resolveSpecifier } from './modules.ts';

const BELOW_SERVING = ['core', 'ports'];
const BELOW_COMMANDS = [
  ...['core', 'engine', 'ports', 'config', 'home'],
  ...['access', 'serve', 'train', 'rig', 'swarm', 'adapters'],
];

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  engine: ['core'],
  web: ['core'],
  ports: ['core'],
  config: ['core'],
  home: ['core'],
  access: BELOW_SERVING,
  control: ['core', 'ports', 'config', 'home', 'access', 'serve', 'train', 'rig', 'swarm'],
  serve: BELOW_SERVING,
  train: BELOW_SERVING,
  rig: BELOW_SERVING,
  swarm: BELOW_SERVING,
  adapters: ['core', 'engine', 'ports'],
  gateway: BELOW_COMMANDS,
  cli: [...BELOW_COMMANDS, 'control'],
  main: [...BELOW_COMMANDS, 'control', 'gateway', 'cli'],
};

/** Steps of serving work on values; only the pipeline knows more than one of them. */
const SERVE_STEPS = ['admit', 'prepare', 'route', 'run', 'embed', 'attest', 'settle'];

/** What core must not touch: it runs in a browser and gives the same answer every time. */
const IMPURE = [
  'process',
  'Buffer',
  'Date.now',
  'Math.random',
  'performance',
  'fetch',
  'setTimeout',
  'setInterval',
  'crypto',
];

export function directionFaults(modules: readonly Module[]): string[] {
  return modules.flatMap((module) => [
    ...importFaults(module),
    ...stepFaults(module),
    ...purityFaults(module),
  ]);
}

function importFaults({ path, specifiers }: Module): string[] {
  const layer = layerOf(path);
  const allowed = ALLOWED[layer];
  if (allowed === undefined)
    return [`${path}: no rule for this folder; decide on one in ${import.meta.filename}`];
  return specifiers.flatMap((specifier) => {
    const target = resolveSpecifier(path, specifier);
    if (target === null || sameParty(path, target) || allowed.includes(layerOf(target))) return [];
    return [`${path}: ${layer} may not import ${specifier}`];
  });
}

/** Modules of one layer may import one another, but adapters only those of their own adapter. */
function sameParty(from: string, to: string): boolean {
  const layer = layerOf(from);
  if (layer !== layerOf(to)) return false;
  return layer !== 'adapters' || adapterOf(from) === adapterOf(to);
}

function stepFaults({ path, specifiers }: Module): string[] {
  if (!isServeStep(path)) return [];
  const steps = specifiers.filter((specifier) => isServeStep(resolveSpecifier(path, specifier) ?? ''));
  return steps.map((specifier) => `${path}: a step of serving may not import another, ${specifier}`);
}

function isServeStep(path: string): boolean {
  const name = /^packages\/node\/src\/serve\/([a-z-]+)\.ts$/.exec(path)?.[1];
  return name !== undefined && SERVE_STEPS.includes(name);
}

function purityFaults({ path, specifiers, globals }: Module): string[] {
  if (layerOf(path) !== 'core') return [];
  const imports = specifiers.filter((specifier) => specifier.startsWith('node:'));
  const used = IMPURE.filter((name) => globals.has(name));
  return [...imports, ...used].map((name) => `${path}: core may not use ${name}`);
}

/** Files of the node that are in no folder put the parts together. */
function layerOf(path: string): string {
  const [, name = '', , folder = ''] = path.split('/');
  if (name !== 'node') return name;
  return folder.endsWith('.ts') ? 'main' : folder;
}

function adapterOf(path: string): string {
  return path.split('/')[4] ?? '';
}
