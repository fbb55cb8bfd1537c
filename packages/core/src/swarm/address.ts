/**
 * Where a node may be reached, as text: `/ip4/192.0.2.7/tcp/4711`, `/ip6/2001:db8::7/tcp/4711`, `/dns/rig.example/tcp/4711`
 * (also `dns4`, `dns6`), the form of multiaddrs. `/relay/KEY` before one says: ask the node KEY, which is there, to pass
 * it on.
 */
import { type KeyId, keyId } from './key-id.ts';

export const ADDRESS_CHARACTERS_MAX = 200;

export interface Address {
  kind: 'ip4' | 'ip6' | 'dns';
  host: string;
  port: number;
  /** The way to the node itself, or null: past the node at `host` to another one. */
  relay: KeyId | null;
}

const FORM =
  /^(?:\/relay\/([A-Za-z0-9_-]{43}))?\/(ip4|ip6|dns|dns4|dns6)\/([A-Za-z0-9.:-]{1,120})\/tcp\/([1-9]\d{0,4})$/;
const IP4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** null: it is no address of ours. */
export function parseAddress(text: string): Address | null {
  const found = text.length <= ADDRESS_CHARACTERS_MAX ? FORM.exec(text) : null;
  if (found === null) return null;
  const [, relay = null, form = '', host = '', digits = ''] = found;
  const kind = form.startsWith('dns') ? 'dns' : form === 'ip4' ? 'ip4' : 'ip6';
  const port = Number(digits);
  if (port > 65_535 || (relay !== null && !keyId.safeParse(relay).success)) return null;
  if (kind === 'ip4' ? !IP4.test(host) : kind === 'ip6' && ip6Groups(host) === null) return null;
  return { kind, host, port, relay };
}

/**
 * What addresses that one party can have many of have in common: the first 24 bits of an IPv4 address, the first 48 of an
 * IPv6 one, a name without its first label. Of a relay's for what is behind it.
 */
export function subnetOf(address: Address): string {
  const { kind, host } = address;
  if (kind === 'ip4') return host.split('.').slice(0, 3).join('.');
  if (kind === 'ip6') return (ip6Groups(host) ?? []).slice(0, 3).join(':');
  const labels = host.toLowerCase().split('.');
  return labels.length > 2 ? labels.slice(1).join('.') : labels.join('.');
}

/** Only the machine itself can dial it. */
export function isLoopbackAddress({ kind, host }: Address): boolean {
  if (kind === 'ip6') return ip6Groups(host)?.join(':') === '0:0:0:0:0:0:0:1';
  return kind === 'ip4' && host.startsWith('127.');
}

/** Nobody outside a machine, a house or a provider's own network can dial it. */
export function isPrivateAddress({ kind, host }: Address): boolean {
  if (kind === 'dns') return false;
  if (kind === 'ip6') {
    const groups = ip6Groups(host) ?? [];
    const first = groups[0] ?? 0;
    const isLoopback = groups.slice(0, 7).every((group) => group === 0);
    return isLoopback || (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
  }
  const [a = 0, b = 0] = host.split('.').map(Number);
  return (
    a === 10 ||
    a === 127 ||
    a === 0 ||
    (a === 192 && b === 168) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
}

/** Takes turns between subnets, so that the first few of many are in many; keeps the order within each. */
export function spreadOverSubnets<T>(items: readonly T[], addressOf: (item: T) => Address): T[] {
  const bySubnet = new Map<string, T[]>();
  for (const item of items) {
    const subnet = subnetOf(addressOf(item));
    const group = bySubnet.get(subnet);
    if (group === undefined) bySubnet.set(subnet, [item]);
    else group.push(item);
  }
  const longest = Math.max(0, ...[...bySubnet.values()].map((group) => group.length));
  return Array.from({ length: longest }, (_, turn) =>
    [...bySubnet.values()].flatMap((group) => group.slice(turn, turn + 1)),
  ).flat();
}

/** The 8 groups, or null where the text is no IPv6 address. */
function ip6Groups(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2 || text.includes('.')) return null;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = head.length + tail.length;
  if (halves.length === 2 ? given > 7 : given !== 8) return null;
  const groups = [...head, ...Array<string>(8 - given).fill('0'), ...tail];
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : null;
}
