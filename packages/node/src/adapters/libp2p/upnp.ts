/**
 * Routers that open a port when they are asked: UPnP's Internet Gateway Device, versions 1 and 2 (SSDP to find it, SOAP to
 * talk). A router is whatever answers on this network, so it is heard only about itself: its pages are fetched from the
 * private address that answered, without redirects, up to a size, and read for a few texts.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { isPrivateAddress, parseAddress } from '@filon/core/swarm/address';
import type { Waiting } from '../../ports/engine.ts';

/** Where SSDP asks everybody on the network. */
const EVERYBODY = { host: '239.255.255.250', port: 1900 };
const TARGETS = [1, 2].map((version) => `urn:schemas-upnp-org:device:InternetGatewayDevice:${version}`);
const SERVICES = ['WANIPConnection:2', 'WANIPConnection:1', 'WANPPPConnection:1'].map(
  (name) => `urn:schemas-upnp-org:service:${name}`,
);
const SEARCH_MS = 3000;
const ROUTERS_MAX = 4;
const PAGE_BYTES_MAX = 262_144;

export interface Router {
  /** What it is told: SOAP by POST. */
  control: URL;
  service: string;
}

export class RouterRefusal extends Error {
  /** UPnP's, as 718 for a port that is taken; null where it gave none. */
  readonly errorCode: number | null;

  constructor(action: string, errorCode: number | null) {
    super(`the router refused ${action} (${errorCode ?? 'without a code'})`);
    this.errorCode = errorCode;
  }
}

/** The routers of this network that can be asked. `search` stands for everybody in tests. */
export async function findRouters({
  signal,
  search = EVERYBODY,
}: Waiting & { search?: { host: string; port: number } }): Promise<Router[]> {
  const locations = new Map<string, URL>();
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.on('message', (data, { address }) => {
    const location = /^location:[ \t]*(\S{1,400})[ \t]*$/im.exec(data.toString('latin1', 0, 4096))?.[1];
    const url = URL.parse(location ?? '');
    if (
      url?.protocol === 'http:' &&
      url.hostname === address &&
      isNear(address) &&
      locations.size < ROUTERS_MAX
    ) {
      locations.set(url.href, url);
    }
  });
  try {
    socket.bind();
    await once(socket, 'listening', { signal });
    for (const target of TARGETS) {
      const lines = [
        'M-SEARCH * HTTP/1.1',
        'HOST: 239.255.255.250:1900',
        'MAN: "ssdp:discover"',
        'MX: 2',
        `ST: ${target}`,
      ];
      socket.send(`${lines.join('\r\n')}\r\n\r\n`, search.port, search.host);
    }
    await delay(SEARCH_MS, undefined, { signal });
  } finally {
    socket.close();
  }
  const routers = await Promise.all(
    [...locations.values()].map((url) => readRouter(url, { signal }).catch(() => null)),
  );
  return routers.filter((router) => router !== null);
}

/** The texts that the action returns, by name. Throws `RouterRefusal`. */
export async function tellRouter(
  { control, service }: Router,
  action: string,
  options: Waiting & { args: Readonly<Record<string, string>> },
): Promise<(name: string) => string | null> {
  const args = Object.entries(options.args).map(([name, value]) => `<${name}>${value}</${name}>`);
  const body = `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${service}">${args.join('')}</u:${action}></s:Body></s:Envelope>`;
  const headers = { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${service}#${action}"` };
  const page = await fetchPage(control, { method: 'POST', headers, body, signal: options.signal });
  if (page.ok) return (name) => textOf(page.text, name);
  const code = textOf(page.text, 'errorCode');
  throw new RouterRefusal(action, code === null ? null : Number(code));
}

async function readRouter(location: URL, options: Waiting): Promise<Router | null> {
  const { ok, text } = await fetchPage(location, { signal: options.signal });
  if (!ok) return null;
  const parts = text.split('<service>').slice(1);
  const offers = parts.map((part) => {
    const control = URL.parse(textOf(part, 'controlURL') ?? '', location.href);
    return { control, service: textOf(part, 'serviceType') ?? '' };
  });
  for (const service of SERVICES) {
    const control = offers.find((offer) => offer.service === service)?.control ?? null;
    if (control?.protocol === 'http:' && control.hostname === location.hostname) return { control, service };
  }
  return null;
}

async function fetchPage(url: URL, init: RequestInit): Promise<{ ok: boolean; text: string }> {
  const response = await fetch(url, { ...init, redirect: 'error' });
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > PAGE_BYTES_MAX) break;
  }
  return { ok: response.ok, text: text.slice(0, PAGE_BYTES_MAX) };
}

/** What stands between the first `<name>` and its end. */
function textOf(page: string, name: string): string | null {
  const start = page.indexOf(`<${name}>`);
  const end = start < 0 ? -1 : page.indexOf(`</${name}>`, start);
  return end < 0 ? null : page.slice(start + name.length + 2, end).trim();
}

function isNear(host: string): boolean {
  const address = parseAddress(`/ip4/${host}/tcp/1`);
  return address !== null && isPrivateAddress(address);
}
