/** `filon pair`: a code that lets one device on the network in, for answers alone. */
import type { CommandModule } from '../context.ts';

export const pair: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const { signal } = cli;
    const { lanUrls, fingerprint } = await cli.control.status({}, { signal });
    if (lanUrls.length === 0) {
      cli.out.say(
        'Note: the node listens on this machine alone. `filon keys add NAME`, then `filon up --host 0.0.0.0`, opens it to the network.',
      );
    }
    const offer = await cli.control.pair({}, { signal });
    cli.out.result({ ...offer, fingerprint }, offer.code);
    const where = offer.urls.length === 0 ? '/pair of this node' : offer.urls.join(' or ');
    cli.out.say(`Open ${where} on the device and type this code, once, within five minutes.`);
    if (fingerprint !== null && offer.urls.length > 0) {
      cli.out.say(
        `Its browser will warn of an unknown certificate. The right one has the sha256 fingerprint ${fingerprint}.`,
      );
    }
  },
};
