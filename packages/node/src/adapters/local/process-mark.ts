/**
 * Tells whether the process that wrote something down still lives. A process id alone is reused, and surely so after a
 * restart of the machine; with the boot's id and the process's own start time it is not.
 */
import { readFileSync } from 'node:fs';

/** Text that no other process of this machine has, now or later; empty where the system does not tell. */
export function processMark(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in brackets, may hold spaces and brackets; the start time is field 22 of the whole line.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot}/${pid}/${fields[19]}`;
  } catch {
    return '';
  }
}

/** Whether the process `pid` lives and is the one that had this mark. */
export function isSameProcess(pid: number, mark: string): boolean {
  if (!exists(pid)) return false;
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
