/** Modules as the architecture test sees them: what each imports, how long it and its functions are, what it uses. */
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ts from 'typescript6';

export interface Span {
  name: string;
  line: number;
  /** Lines that are not blank. */
  lines: number;
}

export interface Module {
  /** From the root, with slashes. */
  path: string;
  lines: number;
  /** Import specifiers as written, type-only and dynamic ones included. */
  specifiers: string[];
  functions: Span[];
  anyCount: number;
  /** Names of globals and their members, as `Date.now` or `process`. */
  globals: Set<string>;
  text: string;
}

/** Modules under `packages/*\/src`, tests left out. */
export async function readModules(root: string): Promise<Module[]> {
  const modules: Module[] = [];
  for (const name of await readdir(join(root, 'packages'))) {
    const source = posix.join('packages', name, 'src');
    for (const path of await sourcesIn(root, source)) {
      modules.push(parseModule(path, await readFile(join(root, path), 'utf8')));
    }
  }
  return modules;
}

async function sourcesIn(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true }).catch(() => []);
  return entries
    .filter((entry) => /\.tsx?$/.test(entry) && !/\.(test|d)\.tsx?$/.test(entry))
    .map((entry) => posix.join(folder, entry))
    .sort();
}

export function parseModule(path: string, text: string): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const module: Module = {
    path,
    lines: text.trimEnd().split('\n').length,
    specifiers: [],
    functions: [],
    anyCount: 0,
    globals: new Set(),
    text,
  };
  const visit = (node: ts.Node): void => {
    noteImport(node, module);
    noteFunction(node, source, module);
    if (node.kind === ts.SyntaxKind.AnyKeyword) module.anyCount += 1;
    if (ts.isIdentifier(node)) noteGlobal(node, module);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return module;
}

function noteImport(node: ts.Node, module: Module): void {
  const specifier = specifierOf(node);
  if (specifier && ts.isStringLiteralLike(specifier)) module.specifiers.push(specifier.text);
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isExternalModuleReference(node)) return node.expression;
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? node.arguments[0] : undefined;
}

function noteFunction(node: ts.Node, source: ts.SourceFile, module: Module): void {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
  const text = node.getText(source);
  const name = node.name?.getText(source) ?? nameOfHolder(node.parent, source);
  module.functions.push({
    name,
    line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
    lines: text.split('\n').filter((line) => line.trim() !== '').length,
  });
}

function nameOfHolder(holder: ts.Node, source: ts.SourceFile): string {
  const named = ts.isVariableDeclaration(holder) || ts.isPropertyAssignment(holder);
  return named ? holder.name.getText(source) : '(anonymous)';
}

/** `a.b` where `a` is not itself a member, a declared name of the module's own is not told apart. */
function noteGlobal(node: ts.Identifier, module: Module): void {
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
  const isKey = 'name' in parent && parent.name === node;
  if (isMember || isKey || ts.isTypeNode(parent)) return;
  module.globals.add(node.text);
  if (ts.isPropertyAccessExpression(parent)) module.globals.add(`${node.text}.${parent.name.text}`);
}

/** The module that a specifier names, or null for packages and what Node brings. */
export function resolveSpecifier(from: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const own = /^@filon\/([a-z-]+)\/(.+)$/.exec(specifier);
  return own ? `packages/${own[1]}/src/${own[2]}.ts` : null;
}
