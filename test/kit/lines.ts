/**
 * The lines between processes, one a pair, each with settings of its own. All of them dial a process at one door, where
 * the kernel tells which of them came: by `/proc`, so on Linux only. A line is the same whoever of the two dialled.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createLine, type Door, type Line, openDoor, type Target } from './link-shaper.ts';

export interface End {
  name: string;
  /** undefined: it does not run. */
  pid: number | undefined;
}

export interface Lines {
  between(one: string, other: string): Line;
  /** To all ends that there are, and to whoever is none of them. */
  of(name: string): Line[];
  /** Where others dial this end. */
  door(name: string, target: Target): Promise<Door>;
}

/** Whoever is none of the ends. */
const ANYBODY = '';

/** `ends` is asked at each connection. */
export function createLines(ends: () => readonly End[]): Lines {
  const lines = new Map<string, Line>();
  const between = (one: string, other: string): Line => {
    const pair = JSON.stringify([one, other].sort());
    const line = lines.get(pair) ?? createLine();
    lines.set(pair, line);
    return line;
  };
  return {
    between,
    of: (name) =>
      [ANYBODY, ...ends().map((end) => end.name)]
        .filter((other) => other !== name)
        .map((other) => between(name, other)),
    door: (name, target) => openDoor(target, (near) => between(name, whoDialled(near, ends()))),
  };
}

function whoDialled({ remotePort, localPort }: Socket, ends: readonly End[]): string {
  const socket = `socket:[${inodeOf({ from: remotePort ?? 0, to: localPort ?? 0 })}]`;
  const dialled = ends.find(({ pid }) => pid !== undefined && holds(pid, socket));
  return dialled?.name ?? ANYBODY;
}

/** Of the socket of whoever dialled; null when it is closed already. */
function inodeOf({ from, to }: { from: number; to: number }): string | null {
  const [, ...rows] = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n');
  for (const row of rows) {
    const [, local = '', remote = '', , , , , , , inode = ''] = row.trim().split(/\s+/);
    if (portOf(local) === from && portOf(remote) === to) return inode;
  }
  return null;
}

const portOf = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);

function holds(pid: number, socket: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((file) => linkOf(`${folder}/${file}`) === socket);
  } catch {
    // The process has ended.
    return false;
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
