/**
 * Tells whether the process that wrote something down still lives. A process id alone is reused, and surely so after a
 * restart of the machine; with the boot's id and the process's own start time it is not.
 */
import { readFileSync } from 'node:fs';

/** Text that no other process of this machine has, now or later; empty where the system does not tell. */
export function processMark(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${pid}/${statOf(pid)[19]}`;
  } catch {
    return '';
  }
}

/** From the state on, field 3 of the whole line; the start time is field 22. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The program's name, in brackets, may hold spaces and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Whether the process `pid` lives and is the one that had this mark. */
export function isSameProcess(pid: number, mark: string): boolean {
  if (!exists(pid) || isZombie(pid)) return false;
  const now = processMark(pid);
  return now === '' || mark === '' || now === mark;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: it lives, we just may not signal it.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Ended, and whoever started it has not asked how: in many containers nobody ever does. */
function isZombie(pid: number): boolean {
  try {
    return statOf(pid)[0] === 'Z';
  } catch {
    return false;
  }
}
