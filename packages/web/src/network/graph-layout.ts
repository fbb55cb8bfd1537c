/** Where each node of the swarm is drawn, in pixels of a picture of a given size. The same nodes are at the same places. */
import type { PanelMachine, PanelPeer } from '@filon/core/panel/network';
import { type PrivacyTier, TIERS } from '@filon/core/serving/tier';

export interface Size {
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
  radius: number;
}

export interface PlacedPeer extends Place {
  peer: PanelPeer;
  /** Whether there is room for words beside it. */
  isLabelled: boolean;
  /** Its words stand on the far side of the middle, where no line passes. */
  isAbove: boolean;
}

export interface Layout {
  /** A phone's: words are shorter, and on lines there are none. */
  isNarrow: boolean;
  /** Lines from each of them would hide the nodes. */
  isCrowd: boolean;
  self: Place;
  peers: PlacedPeer[];
}

/** Below it the picture is a phone's: less room for distances. */
const NARROW = 560;
const RADIUS = { least: 9, most: 25, self: 22 };
/** Room for a node and its words at the edges. */
const MARGIN = { narrow: 48, wide: 70, top: 62, bottom: 62 };
/** Round trips from here to there are told apart. */
const NEAR_MS = 1;
const FAR_MS = 300;
/** More nodes than these fill the picture like the seeds of a sunflower, whatever their round trips. */
const ROOMY = 18;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
/** Of the area, left free around this node. */
const FREE_SHARE = 0.09;
/** Between the edges of nodes. */
const GAP = 1.5;
const LABELLED_MAX = { narrow: 9, wide: 18 };
/** Of the angle from one node to the next: no line goes straight down through the words under this node. */
const TURN = -0.5;

export function layOut(
  self: PanelMachine | null,
  peers: readonly PanelPeer[],
  { width, height }: Size,
): Layout {
  const isNarrow = width < NARROW;
  const center = { x: width / 2, y: (height + MARGIN.top - MARGIN.bottom) / 2 };
  const reachX = width / 2 - (isNarrow ? MARGIN.narrow : MARGIN.wide);
  const reachY = (height - MARGIN.top - MARGIN.bottom) / 2;
  const fastest = Math.max(1, ...peers.map(speedOf), self === null ? 0 : speedOf(self));
  const isCrowd = peers.length > ROOMY;
  const labelled = peers.length <= (isNarrow ? LABELLED_MAX.narrow : LABELLED_MAX.wide);
  const placed = peers.toSorted(byTier).map((peer, index): PlacedPeer => {
    const { angle, far } = isCrowd
      ? seedAt(index, peers.length)
      : { angle: angleAt(index, peers.length), far: distance(peer, isNarrow) };
    return {
      peer,
      x: center.x + Math.cos(angle) * reachX * far,
      y: center.y + Math.sin(angle) * reachY * far,
      radius: radiusOf(speedOf(peer) / fastest),
      isLabelled: labelled,
      isAbove: Math.sin(angle) < -0.1,
    };
  });
  const middle = { ...center, radius: RADIUS.self };
  const shrink = shrinkOf(middle, placed);
  return {
    isNarrow,
    isCrowd,
    self: middle,
    peers: placed.map((one) => ({ ...one, radius: one.radius * shrink })),
  };
}

function angleAt(index: number, count: number): number {
  return (2 * Math.PI * (index + TURN)) / count - Math.PI / 2;
}

/** Each has the same room; those of the closest tier are the nearest. */
function seedAt(index: number, count: number): { angle: number; far: number } {
  const share = FREE_SHARE + ((1 - FREE_SHARE) * (index + 0.5)) / count;
  return { angle: index * GOLDEN_ANGLE, far: Math.sqrt(share) };
}

/** By how much all must be smaller, so that no two touch. */
function shrinkOf(middle: Place, placed: readonly Place[]): number {
  let shrink = 1;
  for (const [index, one] of placed.entries()) {
    const room = Math.hypot(one.x - middle.x, one.y - middle.y) - middle.radius - GAP;
    shrink = Math.min(shrink, room / one.radius);
    for (const other of placed.slice(index + 1)) {
      const apart = Math.hypot(one.x - other.x, one.y - other.y) - GAP;
      shrink = Math.min(shrink, apart / (one.radius + other.radius));
    }
  }
  return shrink;
}

/** Tokens a second of its fastest model; 0: nothing is known. */
export function speedOf({ models }: Pick<PanelMachine, 'models'>): number {
  return Math.max(0, ...models.map(({ tokensPerSecond }) => tokensPerSecond ?? 0));
}

/** Of its sessions, the share that is taken; null: it was not asked. */
export function loadOf({ models }: Pick<PanelMachine, 'models'>): number | null {
  const asked = models.filter(({ load }) => load !== null);
  if (asked.length === 0) return null;
  const active = asked.reduce((sum, { load }) => sum + (load?.active ?? 0) + (load?.queued ?? 0), 0);
  const places = asked.reduce((sum, { sessionsMax }) => sum + sessionsMax, 0);
  return places === 0 ? null : Math.min(1, active / places);
}

/** The filled part of a circle, up to `share` of its height. */
export function filledPath({ x, y, radius }: Place, share: number): string {
  if (share <= 0) return '';
  const level = y + radius - 2 * radius * Math.min(1, share);
  const half = Math.sqrt(Math.max(0, radius ** 2 - (level - y) ** 2));
  if (share >= 1) {
    return `M${n(x - radius)} ${n(y)}a${n(radius)} ${n(radius)} 0 1 0 ${n(2 * radius)} 0a${n(radius)} ${n(radius)} 0 1 0 ${n(-2 * radius)} 0Z`;
  }
  const isLarge = share > 0.5 ? 1 : 0;
  return `M${n(x - half)} ${n(level)}A${n(radius)} ${n(radius)} 0 ${isLarge} 0 ${n(x + half)} ${n(level)}Z`;
}

/** From edge to edge of two circles, bent to the left, so that it does not cover the line between them. */
export function bentPath(from: Place, to: Place, bend: number): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const middle = { x: (from.x + to.x) / 2 + dy * bend, y: (from.y + to.y) / 2 - dx * bend };
  const begin = towards(from, middle, Math.min(from.radius + 2, length / 2));
  const end = towards(to, middle, Math.min(to.radius + 6, length / 2));
  return `M${n(begin.x)} ${n(begin.y)}Q${n(middle.x)} ${n(middle.y)} ${n(end.x)} ${n(end.y)}`;
}

/** The point at `distancePx` from a place, on the line to another. */
export function towards(
  from: Place,
  to: { x: number; y: number },
  distancePx: number,
): { x: number; y: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return {
    x: from.x + ((to.x - from.x) * distancePx) / length,
    y: from.y + ((to.y - from.y) * distancePx) / length,
  };
}

/** Near ones are nearer, from a half to the whole; on a phone all are far, because words need the room. */
function distance({ connection }: PanelPeer, isNarrow: boolean): number {
  const least = isNarrow ? 0.86 : 0.62;
  const roundTripMs = connection?.roundTripMs ?? FAR_MS;
  const within = Math.min(FAR_MS, Math.max(NEAR_MS, roundTripMs));
  return least + (1 - least) * (Math.log(within / NEAR_MS) / Math.log(FAR_MS / NEAR_MS));
}

/** The area grows with the speed. */
function radiusOf(share: number): number {
  return RADIUS.least + (RADIUS.most - RADIUS.least) * Math.sqrt(share);
}

/** Those of one tier stand together. */
function byTier(one: PanelPeer, other: PanelPeer): number {
  return tierRank(one.tier) - tierRank(other.tier) || (one.key < other.key ? -1 : 1);
}

function tierRank(tier: PrivacyTier): number {
  return TIERS.indexOf(tier);
}

function n(value: number): string {
  return value.toFixed(1);
}
