/** Completion of commands and options, written out from the tree of commands. */
import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Place {
  /** Words from the program to here, with a slash before each; empty for the program itself. */
  path: string;
  commands: readonly Command[];
  options: readonly { flag: string; description: string; takesValue: boolean }[];
}

export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, '');
  if (shell === 'fish') return fish(places);
  const walk = places.filter(({ path }) => path !== '').map(({ path }) => path);
  const cases = places.map((place) => [place.path, wordsAt(place)] as const);
  return shell === 'bash' ? bash(walk, cases) : zsh(walk, cases);
}

function placesOf(command: Command, path: string): Place[] {
  const options = command.options
    .filter((option) => option.long)
    .map(({ long, description, required }) => ({ flag: long ?? '', description, takesValue: required }));
  const here: Place = { path, commands: command.commands, options };
  return [here, ...command.commands.flatMap((child) => placesOf(child, `${path}/${child.name()}`))];
}

function wordsAt({ commands, options }: Place): string {
  return [...commands.map((command) => command.name()), ...options.map(({ flag }) => flag), '--help'].join(
    ' ',
  );
}

type Cases = readonly (readonly [path: string, words: string])[];

function bash(walk: readonly string[], cases: Cases): string {
  return `_filon() {
  local place= word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place/$word" in
      ${walk.join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place" in
${cases.map(([path, words]) => `    '${path}') words='${words}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _filon filon ./filon`;
}

function zsh(walk: readonly string[], cases: Cases): string {
  return `_filon() {
  local place= word
  for word in \${words[2,CURRENT-1]}; do
    case "$place/$word" in
      ${walk.join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place" in
${cases.map(([path, words]) => `    '${path}') compadd -- ${words} ;;`).join('\n')}
  esac
  [[ $PREFIX == -* ]] || _files
}
compdef _filon filon ./filon`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const when = fishCondition(path, commands);
    return [
      ...commands.map((child) => `${when} -f -a ${child.name()} -d '${quoted(child.summary())}'`),
      ...options.map(({ flag, description, takesValue }) => {
        return `${when} -l ${flag.slice(2)}${takesValue ? ' -r' : ''} -d '${quoted(description)}'`;
      }),
    ];
  });
  return lines.join('\n');
}

function fishCondition(path: string, commands: readonly Command[]): string {
  const words = path.split('/').filter((word) => word !== '');
  const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
  if (words.length === 0) seen.push('__fish_use_subcommand');
  else if (commands.length > 0) {
    seen.push(`not __fish_seen_subcommand_from ${commands.map((child) => child.name()).join(' ')}`);
  }
  return `complete -c filon -n '${seen.join('; and ')}'`;
}

function quoted(text: string): string {
  return text.replace(/[\\']/g, '\\$&');
}
