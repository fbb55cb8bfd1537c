/** Commands that a text advises. Where a home was named, they must name it too, or they would be about another node. */

const PLAIN_WORD = /^[\w@%+=:,./~-]+$/;
/** In backticks; `help` is about no home. */
const ADVISED = /`((?:\.\/)?filon (?!help\b)[^`]+)`/g;

/** What a command for this home ends with: `--home FOLDER` after a space, nothing where none was typed. */
export function homeFlag(home: string | undefined): string {
  if (home === undefined) return '';
  return ` --home ${PLAIN_WORD.test(home) ? home : `'${home.replaceAll("'", "'\\''")}'`}`;
}

export function withHome(text: string, home: string | undefined): string {
  if (home === undefined) return text;
  return text.replace(ADVISED, (whole, command: string) =>
    command.includes(' --home') ? whole : `\`${command}${homeFlag(home)}\``,
  );
}
