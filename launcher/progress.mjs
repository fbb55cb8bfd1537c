/** Shows how far an install is, by what has arrived on the disk. A line that is rewritten, or one now and then. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const TERMINAL_MS = 1000;
const PLAIN_MS = 5000;
/** Nothing new for this long: the network is dead, though its connections are not. */
export const STALL_MS = 45_000;

/**
 * @param {{ directory: string, totalMb: number, stream: NodeJS.WriteStream, onStall: () => void }} options
 * @returns {() => void} ends the showing and clears the line
 */
export function showProgress({ directory, totalMb, stream, onStall }) {
  const startedMs = performance.now();
  let doneMb = 0;
  let grewMs = startedMs;
  let beganMs = startedMs;
  const show = () => {
    const nowMs = performance.now();
    const mb = megabytesIn(directory);
    if (mb !== doneMb) grewMs = nowMs;
    doneMb = mb;
    // Time spent on asking the registry says nothing about the speed.
    if (mb < 1) beganMs = nowMs;
    const text = progressText(mb, totalMb, nowMs - (mb < 1 ? startedMs : beganMs));
    stream.write(stream.isTTY ? `\r\x1b[K  ${text}` : `  ${text}\n`);
    if (nowMs - grewMs > STALL_MS) onStall();
  };
  const timer = setInterval(show, stream.isTTY ? TERMINAL_MS : PLAIN_MS);
  return () => {
    clearInterval(timer);
    if (stream.isTTY) stream.write('\r\x1b[K');
  };
}

/**
 * @param {number} doneMb
 * @param {number} totalMb
 * @param {number} elapsedMs
 * @returns {string}
 */
export function progressText(doneMb, totalMb, elapsedMs) {
  const shown = `${Math.round(doneMb)} of about ${totalMb} MB in place`;
  const rate = doneMb / Math.max(elapsedMs / 1000, 0.001);
  if (doneMb < 1) return `${shown}, ${Math.round(elapsedMs / 1000)} s so far`;
  if (doneMb >= totalMb * 0.98) return `${shown}, nearly done`;
  return `${shown}, ${rate.toFixed(1)} MB/s, about ${Math.ceil((totalMb - doneMb) / rate)} s left`;
}

/**
 * @param {string} directory
 * @returns {number}
 */
function megabytesIn(directory) {
  let bytes = 0;
  for (const entry of listing(directory)) {
    // Files move while npm works; one that is gone counts when it is met again.
    if (entry.isFile())
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes / 1e6;
}

/**
 * @param {string} directory
 */
function listing(directory) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
}
