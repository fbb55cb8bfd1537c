import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { expect, test } from 'vitest';
import { PortMapping } from './port-mapping.ts';

interface Asked {
  action: string;
  text(name: string): string | undefined;
}

/** A router on loopback. `refuse` may give an error code for what it is asked. */
class FakeRouter implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly ssdp: Socket = createSocket('udp4');
  readonly #http: Server;
  readonly #service: string;
  control = '/control';

  constructor(service: string, refuse: (asked: Asked) => number | null = () => null) {
    this.#service = `urn:schemas-upnp-org:service:${service}`;
    this.#http = createServer(async (request, response) => {
      if (request.method === 'GET') return void response.end(this.#description());
      const body = Buffer.concat(await Array.fromAsync(request)).toString();
      const action = /#(\w+)"$/.exec(`${request.headers['soapaction']}`)?.[1] ?? '';
      const asked = {
        action,
        text: (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(body)?.[1],
      };
      this.asked.push(asked);
      const code = refuse(asked);
      response.statusCode = code === null ? 200 : 500;
      const fault = `<UPnPError><errorCode>${code}</errorCode></UPnPError>`;
      response.end(code === null ? '<NewExternalIPAddress>198.51.100.7</NewExternalIPAddress>' : fault);
    });
    this.ssdp.on('message', (_, from) => {
      const answer = `HTTP/1.1 200 OK\r\nLOCATION: http://127.0.0.1:${this.#port}/root.xml\r\n\r\n`;
      this.ssdp.send(answer, from.port, from.address);
    });
  }

  async open(): Promise<{ host: string; port: number }> {
    this.ssdp.bind(0, '127.0.0.1');
    this.#http.listen(0, '127.0.0.1');
    await Promise.all([once(this.ssdp, 'listening'), once(this.#http, 'listening')]);
    return { host: '127.0.0.1', port: this.ssdp.address().port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ssdp.close();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  get #port(): number {
    const address = this.#http.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  #description(): string {
    const other =
      '<service><serviceType>urn:x:Layer3Forwarding:1</serviceType><controlURL>/no</controlURL></service>';
    return `<root>${other}<service><serviceType>${this.#service}</serviceType><controlURL>${this.control}</controlURL></service></root>`;
  }
}

const actionsOf = (router: FakeRouter): string[] => router.asked.map(({ action }) => action);

test.each(['WANIPConnection:1', 'WANIPConnection:2', 'WANPPPConnection:1'])(
  'a %s opens a port and closes it again',
  async (service) => {
    await using router = new FakeRouter(service);
    const mapping = new PortMapping(4711, { search: await router.open() });
    await mapping.settled;
    expect(mapping.addresses).toEqual(['/ip4/198.51.100.7/tcp/4711']);
    expect(router.asked[0]?.text('NewInternalClient')).toBe('127.0.0.1');
    expect(router.asked[0]?.text('NewInternalPort')).toBe('4711');
    await mapping[Symbol.asyncDispose]();
    expect(actionsOf(router)).toEqual(['AddPortMapping', 'GetExternalIPAddress', 'DeletePortMapping']);
  },
);

test('a port that is taken is another one, and a lease without an end is taken too', async () => {
  await using router = new FakeRouter('WANIPConnection:1', ({ action, text }) => {
    if (action !== 'AddPortMapping') return null;
    if (text('NewLeaseDuration') !== '0') return 725;
    return text('NewExternalPort') === '4711' ? 718 : null;
  });
  await using mapping = new PortMapping(4711, { search: await router.open() });
  await mapping.settled;
  expect(mapping.addresses).toHaveLength(1);
  expect(mapping.addresses[0]).not.toContain('/4711');
  expect(router.asked.at(-1)?.action).toBe('GetExternalIPAddress');
});

test('a router that refuses, or points elsewhere, changes nothing', async () => {
  await using refusing = new FakeRouter('WANIPConnection:1', () => 606);
  await using first = new PortMapping(4711, { search: await refusing.open() });
  await using pointing = new FakeRouter('WANIPConnection:1');
  pointing.control = 'http://127.0.0.2:1/control';
  await using second = new PortMapping(4711, { search: await pointing.open() });
  await Promise.all([first.settled, second.settled]);
  expect([first.addresses, second.addresses]).toEqual([[], []]);
  expect([actionsOf(refusing), actionsOf(pointing)]).toEqual([['AddPortMapping'], []]);
});

test('a mapping that is closed while routers are looked for asks none', async () => {
  await using router = new FakeRouter('WANIPConnection:1');
  const mapping = new PortMapping(4711, { search: await router.open() });
  await mapping[Symbol.asyncDispose]();
  expect(router.asked).toEqual([]);
});
