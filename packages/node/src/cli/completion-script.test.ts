import { execFileSync, spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from './commands.ts';
import { completionScript, SHELLS, type Shell } from './completion-script.ts';

function small(): Command {
  const root = new Command('filon').option('--home <folder>', 'where');
  root.command('up').summary('start').option('--detach', 'in the background');
  const backend = root.command('backend').summary("a node's \\ backends");
  backend.command('add').summary('put in').option('--json', 'as JSON');
  return root;
}

/** All that there is, as `filon completion` has it. */
async function whole(): Promise<Command> {
  const root = new Command('filon').option('--home <folder>', 'where');
  for (const entry of COMMANDS) {
    const [first = '', second] = entry.name.split(' ');
    const there = root.commands.find((command) => command.name() === first);
    const parent = second === undefined ? root : (there ?? root.command(first).summary('a group'));
    const command = parent.command(second ?? first).summary(entry.summary);
    (await entry.load()).define(command);
  }
  return root;
}

test.each([
  [['filon', 'u'], ['up']],
  [['filon', 'up', '--d'], ['--detach']],
  [
    ['filon', 'backend', ''],
    ['add', '--help'],
  ],
  [
    ['filon', '--json', 'backend', 'add', '--'],
    ['--json', '--help'],
  ],
])('bash completes %j with %j', (words, expected) => {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', small())}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _filon; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')).toEqual(expected);
});

test('zsh gets every command and option', () => {
  const script = completionScript('zsh', small());
  expect(script).toContain("'/backend/add') compadd -- --json --help ;;");
  expect(script).toContain("'') compadd -- up backend --home --help ;;");
  expect(script).toMatch(/\ncompdef _filon filon \.\/filon$/);
});

test('fish gets every command and option, what they are, and whether they take a value', () => {
  expect(completionScript('fish', small()).split('\n')).toEqual([
    "complete -c filon -n '__fish_use_subcommand' -f -a up -d 'start'",
    "complete -c filon -n '__fish_use_subcommand' -f -a backend -d 'a node\\'s \\\\ backends'",
    "complete -c filon -n '__fish_use_subcommand' -l home -r -d 'where'",
    "complete -c filon -n '__fish_seen_subcommand_from up' -l detach -d 'in the background'",
    "complete -c filon -n '__fish_seen_subcommand_from backend; and not __fish_seen_subcommand_from add' -f -a add -d 'put in'",
    "complete -c filon -n '__fish_seen_subcommand_from backend; and __fish_seen_subcommand_from add' -l json -d 'as JSON'",
  ]);
});

describe('the script of all commands', () => {
  test('is one of well-formed lines for fish', async () => {
    const lines = completionScript('fish', await whole()).split('\n');
    expect(lines.length).toBeGreaterThan(COMMANDS.length);
    const line = /^complete -c filon -n '[^'\\]+' (-f -a [a-z]+|-l [a-z-]+( -r)?) -d '([^'\\]|\\['\\])*'$/;
    for (const each of lines) expect(each).toMatch(line);
  });

  // The function for zsh is in the grammar that both have; what it calls is zsh's own.
  test.each(['bash', 'zsh'] as const)('for %s is sound in the grammar of bash', async (shell) => {
    const checked = spawnSync('bash', ['-n'], { input: completionScript(shell, await whole()) });
    expect([checked.status, String(checked.stderr)]).toEqual([0, '']);
  });

  test.each(SHELLS)('is taken by %s, where it is', async (shell: Shell) => {
    const checked = spawnSync(shell, ['-n'], { input: completionScript(shell, await whole()) });
    if (checked.error !== undefined) {
      console.info(`There is no ${shell} here to read its script.`);
      expect(checked.error).toMatchObject({ code: 'ENOENT' });
    } else expect([checked.status, String(checked.stderr)]).toEqual([0, '']);
  });
});
