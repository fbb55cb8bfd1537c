/**
 * Puts the packages of the lock file in: `node install.mjs ROOT PLATFORM SCOPE LOCK`, by the launcher only. Plain
 * JavaScript, because it runs on whatever Node from 20 on the machine has; the rest of Filon runs on its own Node.
 */
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './lock.mjs';
import { npmCi } from './npm.mjs';
import { hasDevelopmentPackages, packagesMissing, packagesWanted } from './packages.mjs';
import { checkCxxLibrary, checkDisk, checkGlibc, glibcOfThisNode, libraryDirectories } from './preflight.mjs';
import { STALL_MS, showProgress } from './progress.mjs';
import { codeOf, messageOf, Refusal } from './refusal.mjs';
import { clearLeftovers, discard, prepareStage, stampOf, swapIn } from './stage.mjs';

/** Measured with an empty cache on linux-x64. */
const SIZES = { run: { downloadMb: 175, diskMb: 425 }, all: { downloadMb: 360, diskMb: 790 } };
const SYNC_MAX_MS = 120_000;
const WAITING_WORD_MS = 5000;
const EXIT_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

const [root = '', platform = '', scopeGiven = '', lockSum = ''] = process.argv.slice(2);
const scope = scopeGiven === 'all' || isAboutTests() ? 'all' : 'run';
const workshop = join(root, '.filon');
/** What is undone when the install ends, however it ends. */
const undo = /** @type {(() => void)[]} */ ([]);

let nextWordMs = 0;

const stopping = new AbortController();
for (const [signal, status] of Object.entries(EXIT_STATUS)) {
  process.once(signal, () => {
    stopping.abort();
    cleanUp();
    say('stopped. The next ./filon does it again from the start; what was downloaded is kept.');
    process.exit(status);
  });
}

try {
  await install();
} catch (error) {
  cleanUp();
  if (!(error instanceof Refusal) && codeOf(error) === '') throw error;
  say(error instanceof Refusal ? error.message : `the packages could not be put in: ${messageOf(error)}`);
  process.exitCode = 1;
}

async function install() {
  const size = SIZES[scope];
  openWorkshop();
  undo.push(await takeLock(join(workshop, 'install.lock'), sayWaiting));
  if (isInstalled()) return cleanUp();
  clearLeftovers(workshop);
  checkGlibc(glibcOfThisNode());
  checkCxxLibrary(libraryDirectories(process.env['LD_LIBRARY_PATH'] ?? ''));
  checkDisk(root, size);
  const wanted = packagesWanted(root, platform, scope);
  const whose = scope === 'all' ? 'the packages, those for the tests too' : 'the packages';
  say(`putting in ${whose}: about ${size.downloadMb} MB to download, ${size.diskMb} MB on disk,`);
  say("into node_modules here and npm's cache. No root, and no install script is run.");
  const startedMs = performance.now();
  const stage = join(workshop, `stage-${process.pid}`);
  undo.push(() => discard(stage));
  prepareStage(root, stage);
  undo.push(showStaging(stage, size.diskMb));
  await npmCi({ directory: stage, scope, log: join(workshop, 'install.log'), signal: stopping.signal });
  await check(stage, wanted);
  const old = join(workshop, `old-${process.pid}`);
  undo.push(() => discard(old));
  swapIn({ root, stage, old, stamp: `${platform} ${scope} ${lockSum}` });
  cleanUp();
  say(`packages in place after ${Math.round((performance.now() - startedMs) / 1000)} s.`);
}

/**
 * All packages are there, Node starts, and a power cut cannot leave empty files behind a good stamp.
 * @param {string} stage
 * @param {readonly string[]} wanted
 */
async function check(stage, wanted) {
  const missing = packagesMissing(stage, wanted);
  if (missing.length > 0) {
    throw new Refusal(
      `npm left out ${missing.map((path) => path.replace(/^.*node_modules\//, '')).join(', ')}.`,
      "That happens when a download breaks off, npm's cache is on a full disk (`npm config get cache`),",
      'or the registry lacks a package. Run this again.',
    );
  }
  const node = join(stage, 'node_modules', `node-${platform}`, 'bin', 'node');
  try {
    execFileSync(node, ['--version'], { stdio: 'pipe', timeout: 30_000 });
  } catch (error) {
    throw new Refusal(
      `the Node that was put in does not start: ${messageOf(error)}`,
      'Is this directory mounted noexec?',
    );
  }
  // As many seconds as a slow disk needs; a machine without it goes without.
  const sync = spawn('sync', { stdio: 'ignore', timeout: SYNC_MAX_MS });
  await new Promise((resolve) => sync.once('error', resolve).once('close', resolve));
}

/**
 * @param {string} stage
 * @param {number} totalMb
 * @returns {() => void}
 */
function showStaging(stage, totalMb) {
  const onStall = () => {
    const what = `nothing has arrived from the package registry for ${STALL_MS / 1000} s.`;
    stopping.abort(new Refusal(what, 'Check the network, then run this again; what was downloaded is kept.'));
  };
  return showProgress({ directory: join(stage, 'node_modules'), totalMb, stream: process.stderr, onStall });
}

function openWorkshop() {
  try {
    mkdirSync(workshop, { recursive: true });
    for (const directory of [root, workshop]) accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new Refusal(
      `${root} cannot be written to (${codeOf(error)}).`,
      'Clone Filon to a directory of your own, or have its owner run ./filon version once.',
    );
  }
}

/** Somebody works on Filon here: the last install was for the tests too, or npm was called by hand. */
function isAboutTests() {
  return stampOf(root).split(' ')[1] === 'all' || hasDevelopmentPackages(root);
}

/** Whoever had the lock before may have done it. */
function isInstalled() {
  const stamp = stampOf(root);
  return stamp === `${platform} ${scope} ${lockSum}` || stamp === `${platform} all ${lockSum}`;
}

/**
 * @param {number} holder
 * @param {number} waitedMs
 */
function sayWaiting(holder, waitedMs) {
  if (waitedMs < nextWordMs) return;
  nextWordMs = waitedMs + WAITING_WORD_MS;
  say(
    `another ./filon (process ${holder}) is putting the packages in; waiting (${Math.round(waitedMs / 1000)} s).`,
  );
}

function cleanUp() {
  for (const step of undo.splice(0).reverse()) step();
}

/**
 * @param {string} text
 */
function say(text) {
  process.stderr.write(`filon: ${text}\n`);
}
