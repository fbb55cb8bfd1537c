/**
 * Says to the swarm what this node is and has: every few minutes, and soon after something changed. Only what is loaded,
 * warm and self-tested is told as ready, and only measured speeds.
 */
import {
  ANNOUNCE_EVERY_MS,
  ANNOUNCED_ADDRESSES_MAX,
  ANNOUNCED_DEVICES_MAX,
  ANNOUNCED_MODELS_MAX,
  ANNOUNCED_STORED_MAX,
  ANNOUNCEMENT_LIFETIME_MS,
  type AnnouncedDevice,
  type AnnouncedModel,
  type Announcement,
  announcements,
} from '@filon/core/directory/announcement';
import { encodeRecord } from '@filon/core/directory/announcement-record';
import { isFilonError } from '@filon/core/errors';
import type { Candidate, LoadRate, Price } from '@filon/core/serving/routing';
import type { Device } from '@filon/core/serving/session';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { Signer } from '@filon/core/swarm/signed';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { Network } from '../../ports/network.ts';
import type { GuestSeats } from '../../ports/replicas.ts';
import { deadline } from '../membership/deadline.ts';
import type { Members } from '../membership/members.ts';
import type { Directory } from './directory.ts';
import { ISSUE_EVERY_MS, ISSUES_IN_A_ROW_MAX } from './directory-limits.ts';
import { type RecordId, recordId } from './records.ts';

const CHECK_EVERY_MS = 2000;
/** What changes between two announcements by less than this share is not news. */
const RATE_CHANGE_MIN = 0.5;
/** A quarter of what others take in a row: a node that was killed and started again begins anew, and they count on. */
const ISSUES_AT_ONCE: number = ISSUES_IN_A_ROW_MAX / 4;
/** Announcements of nodes that started together drift apart. */
const JITTER = 0.2;
const MEASURE_TIMEOUT_MS = 120_000;
/** A clock that was set back is outrun once or twice; a node that goes on saying things in this one's name has its key. */
const OUTRUN_BY_ANOTHER = 3;

/** What the operator decides. */
export interface AnnouncedSettings {
  version: string;
  serves: PrivacyTier;
  canRelay: boolean;
  /** null: for nothing. */
  price: Price | null;
  payout: string | null;
}

export interface AnnouncerDeps {
  network: Pick<Network, 'self' | 'addresses'>;
  members: Pick<Members, 'own'>;
  signer: Signer;
  directory: Directory;
  seats: Pick<GuestSeats, 'offers'>;
  devices: (options: Waiting) => Promise<readonly Device[]>;
  /** sha256 of the files on the disk. */
  stored: () => Promise<readonly string[]>;
  settings: () => AnnouncedSettings;
  /** Computes something with a model that has no measured speed yet. */
  measure: (model: string, options: Waiting) => Promise<void>;
  clock: Clock;
  log: Log;
  /** 0 to below 1. */
  draw: () => number;
}

type Content = Omit<Announcement, 'issuedMs' | 'expiresMs'>;

export class Announcer implements AsyncDisposable {
  readonly #deps: AnnouncerDeps;
  readonly #over = new AbortController();
  readonly #measured = new Set<string>();
  #issues = { left: ISSUES_AT_ONCE, atMs: 0 };
  #devices: readonly AnnouncedDevice[] = [];
  #said: { content: Content; issuedMs: number; nextMs: number } | null = null;
  #outrun = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running = this.#keepSaying();
  }

  /** What this node says now; null: nothing, because it is in no swarm. */
  said(): Announcement | null {
    return this.#deps.directory.find(this.#deps.network.self)?.announcement ?? null;
  }

  /** The last that it says: it stops, and is not to be counted on. null: it is in no swarm, or never said a word. */
  async sayGoodbye(): Promise<RecordId | null> {
    await this[Symbol.asyncDispose]();
    const own = this.#deps.members.own();
    const said = this.#said;
    this.#said = null;
    if (!own || !said) return null;
    const { version, serves } = said.content;
    const nothing = { devices: [], models: [], stored: [], addresses: [], canRelay: false, payout: null };
    return this.#issue({ version, serves, ...nothing, leaves: true }, own.member.proof).id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #keepSaying(): Promise<void> {
    const { clock, devices, log } = this.#deps;
    const { signal } = this.#over;
    await devices({ signal }).then(
      (list) => {
        this.#devices = grouped(list);
      },
      () => undefined,
    );
    while (!signal.aborted) {
      // Also the first time: a node that starts would say twice what it is, without its model and with it.
      await clock.sleep(CHECK_EVERY_MS, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#sayIfNews();
        await this.#measureNew();
      } catch (error) {
        log.warn('swarm.announce-failed', { error });
      }
    }
  }

  async #sayIfNews(): Promise<void> {
    const { members, clock, draw, directory, network } = this.#deps;
    const own = members.own();
    if (!own) {
      this.#said = null;
      return;
    }
    const nowMs = clock.monotonicMs();
    const content = await this.#content();
    const said = this.#said;
    // Something newer of its own came back from others: it was said in an earlier life, by a clock that has been set back.
    const isOutrun = said && (directory.newestMs(network.self) ?? 0) > said.issuedMs;
    const isNews = !said || isOutrun || nowMs >= said.nextMs || isDifferent(said.content, content);
    if (!isNews || !this.#mayIssue(nowMs)) return;
    if (isOutrun) this.#wasOutrun();
    const { issuedMs } = this.#issue(content, own.member.proof);
    const everyMs = ANNOUNCE_EVERY_MS * (1 - JITTER / 2 + JITTER * draw());
    this.#said = { content, issuedMs, nextMs: nowMs + everyMs };
  }

  #wasOutrun(): void {
    const { log, network } = this.#deps;
    this.#outrun += 1;
    if (this.#outrun === OUTRUN_BY_ANOTHER) log.warn('swarm.key-used-twice', { node: network.self });
  }

  /** A few in a row, for what changes as a node starts; then as often as others take it. */
  #mayIssue(nowMs: number): boolean {
    const { left, atMs } = this.#issues;
    const now = Math.min(ISSUES_AT_ONCE, left + (nowMs - atMs) / ISSUE_EVERY_MS);
    this.#issues = { left: now < 1 ? now : now - 1, atMs: nowMs };
    return now >= 1;
  }

  #issue(content: Content, proof: Uint8Array): { id: RecordId; issuedMs: number } {
    const { clock, directory, network, signer, log } = this.#deps;
    // A clock that was set back must not make this node's news look old.
    const issuedMs = Math.max(Math.floor(clock.nowMs()), (directory.newestMs(network.self) ?? 0) + 1);
    const announcement = { ...content, issuedMs, expiresMs: issuedMs + ANNOUNCEMENT_LIFETIME_MS };
    const sealed = announcements.seal(announcement, signer);
    const bytes = encodeRecord({ announcement: sealed, proof });
    const verdict = directory.accept(bytes);
    const models = content.models.length;
    if (verdict === 'new') log.debug('swarm.announced', { models });
    else log.warn('swarm.announcement-refused', { verdict, models });
    return { id: recordId(bytes), issuedMs };
  }

  async #content(): Promise<Content> {
    const { network, settings, seats, stored } = this.#deps;
    const { version, serves, canRelay, price, payout } = settings();
    const ready = seats.offers().filter((offer) => offer.ready);
    return {
      ...{ version, serves, canRelay, payout, devices: this.#devices },
      models: ready.slice(0, ANNOUNCED_MODELS_MAX).map((offer) => announced(offer, price)),
      stored: (await stored()).slice(0, ANNOUNCED_STORED_MAX),
      addresses: network.addresses().slice(0, ANNOUNCED_ADDRESSES_MAX),
    };
  }

  /** Once a model, and alone: it takes a place of the node's own requests. */
  async #measureNew(): Promise<void> {
    const { seats, measure, clock, log } = this.#deps;
    const fresh = seats
      .offers()
      .find(
        ({ ready, rates, model, load, upstream }) =>
          upstream === undefined &&
          ready &&
          rates.length === 0 &&
          !this.#measured.has(model) &&
          (load?.active ?? 0) === 0,
      );
    if (!fresh) return;
    this.#measured.add(fresh.model);
    using limit = deadline(clock, MEASURE_TIMEOUT_MS, this.#over.signal);
    await measure(fresh.model, limit).catch((error: unknown) => {
      const code = isFilonError(error) ? error.code : 'unknown';
      if (!this.#over.signal.aborted) log.debug('swarm.measure-failed', { model: fresh.name, code });
    });
  }
}

function announced(offer: Candidate, price: Price | null): AnnouncedModel {
  const { model, name, numericClass, sessionsMax, replayable, upstream } = offer;
  const rates = offer.rates.map(({ sessions, prefill, decode }) => ({
    sessions,
    prefill: rounded(prefill),
    decode: rounded(decode),
  }));
  return {
    model,
    name,
    numericClass,
    contextTokens: offer.contextTokens === Number.MAX_SAFE_INTEGER ? 0 : offer.contextTokens,
    sessionsMax,
    replayable,
    rates,
    price: offer.price ?? price,
    ...(upstream && { upstream }),
  };
}

/** To eighths, which take 3 or 5 bytes instead of 9. */
function rounded(perSecond: number): number {
  return Math.max(1, Math.round(perSecond * 8)) / 8;
}

function grouped(devices: readonly Device[]): AnnouncedDevice[] {
  const alike = Map.groupBy(devices, ({ backend, name, memoryBytes }) => `${backend} ${memoryBytes} ${name}`);
  return [...alike.values()].slice(0, ANNOUNCED_DEVICES_MAX).flatMap(([first, ...more]) => {
    if (!first) return [];
    const { backend, name, memoryBytes } = first;
    return [{ backend, name: name.slice(0, 128), memoryBytes, count: more.length + 1 }];
  });
}

/** Speeds change all the time: small changes wait for the next announcement. */
function isDifferent(before: Content, now: Content): boolean {
  const without = (content: Content): string =>
    JSON.stringify({
      ...content,
      models: content.models.map((model) => ({ ...model, rates: null, price: null })),
    });
  const prices = (content: Content): string =>
    content.models.map(({ price }) => `${price?.promptPico} ${price?.answerPico}`).join();
  if (without(before) !== without(now) || prices(before) !== prices(now)) return true;
  return now.models.some((model, i) => ratesDiffer(before.models[i]?.rates ?? [], model.rates));
}

function ratesDiffer(before: readonly LoadRate[], now: readonly LoadRate[]): boolean {
  const [was] = before;
  const [is] = now;
  if (!was || !is) return was !== is;
  return Math.abs(is.decode - was.decode) > was.decode * RATE_CHANGE_MIN;
}
