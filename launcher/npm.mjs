/** Runs npm quietly and turns its failures into words. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Refusal } from './refusal.mjs';

const OUTPUT_CHARS_MAX = 64 * 1024;
const LAST_LINES = 6;
/** A dead network is reported within about a minute, while a slow one may take all day. */
const NETWORK_FLAGS = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
const IDLE_FLAG = '--fetch-timeout=20000';
const QUIET_FLAGS = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error', '--no-update-notifier'];
const SCOPE_FLAGS = { run: ['--omit=dev'], all: ['--include=dev'] };

/**
 * @param {{ directory: string, scope: 'run' | 'all', log: string, signal: AbortSignal }} options
 * @returns {Promise<void>}
 */
export async function npmCi({ directory, scope, log, signal }) {
  const flags = [...SCOPE_FLAGS[scope], '--include=optional', ...NETWORK_FLAGS, IDLE_FLAG, ...QUIET_FLAGS];
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--prefer-offline', ...flags], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    // npm takes its time over a gentler one.
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    });
  }
  const status = await new Promise((resolve, reject) => {
    npm.once('error', (error) => reject(signal.aborted ? signal.reason : error)).once('close', resolve);
  });
  writeFileSync(log, output);
  if (status !== 0) throw explain(output, { status, log });
}

/** What npm calls the failures that a person can mend, and how. */
const CAUSES = [
  {
    code: /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT|ECONNECTIONTIMEOUT|FETCH_ERROR)\b/,
    what: 'the package registry cannot be reached',
    advice: ['Check the network and any proxy (`npm config get registry proxy`), then run this again.'],
  },
  {
    code: /\b(ENOSPC|EDQUOT)\b/,
    what: 'the disk is full',
    advice: ["Free some space (npm's cache counts too: `npm config get cache`), then run this again."],
  },
  {
    code: /\b(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)\b/,
    what: "the registry's certificate is not valid at this machine's time",
    advice: [`Its clock says ${new Date().toISOString()}. Set it right, then run this again.`],
  },
  {
    code: /\b(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+)\b/,
    what: "the registry's certificate is not trusted",
    advice: ['Behind a company proxy, give its certificate with `npm config set cafile FILE`.'],
  },
  {
    code: /\b(EACCES|EPERM|EROFS)\b|Log files were not written/,
    what: 'npm may not write its cache',
    advice: ['Give it a directory of your own: npm_config_cache=DIRECTORY ./filon ...'],
  },
  {
    code: /\bEINTEGRITY\b/,
    what: 'a package is not the one that the lock file names',
    advice: ['A damaged download: `npm cache verify`, then run this again. If it stays so, tell us.'],
  },
];

/**
 * @param {string} output
 * @param {{ status: number | null, log: string }} facts
 * @returns {Refusal}
 */
export function explain(output, { status, log }) {
  const errors = output.split('\n').filter((line) => line.startsWith('npm error'));
  for (const { code, what, advice } of CAUSES) {
    const match = code.exec(errors.join('\n'));
    if (match) return new Refusal(`${what} (${match[0]}).`, ...advice, `npm's own words: ${log}`);
  }
  const last = output.trimEnd().split('\n').slice(-LAST_LINES);
  return new Refusal(`npm failed (exit status ${status}). Its last words:`, ...last, `All of them: ${log}`);
}
