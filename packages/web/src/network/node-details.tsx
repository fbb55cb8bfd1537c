/** Everything about the node that is selected. */
import type { PanelMachine, PanelNetwork, PanelPeer, PanelSelf } from '@filon/core/panel/network';
import type { ReactElement, ReactNode } from 'react';
import { measure, size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { agoText, shareText } from '../panel/times.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { ModelsReady } from './models-ready.tsx';
import { useNetworkWords } from './network-words.ts';

export interface NodeDetailsProps {
  network: PanelNetwork;
  self: PanelSelf;
  selected: string;
}

export function NodeDetails({ network, self, selected }: NodeDetailsProps): ReactElement {
  const { details } = useNetworkWords();
  const peer = network.peers.find(({ key }) => key === selected);
  return (
    <section id="node-details" className="node-details" aria-label={details.title(peer?.name ?? self.name)}>
      {selected === self.key ? <SelfCard self={self} /> : null}
      {peer === undefined ? null : <PeerCard peer={peer} nowMs={network.atMs} />}
      {selected !== self.key && peer === undefined ? <p className="quiet">{details.gone}</p> : null}
    </section>
  );
}

function SelfCard({ self }: { self: PanelSelf }): ReactElement {
  const words = useNetworkWords();
  const { details } = words;
  return (
    <>
      <Head machine={self} badge={words.self} />
      <ModelsReady models={self.models} />
      <dl className="node-facts">
        <Fact name={words.facts.reach}>{words.selfReach[self.reach]}</Fact>
        {self.addresses.length === 0 ? null : (
          <Fact name={details.addresses} isWide>
            {self.addresses.map((address) => (
              <code key={address}>{address}</code>
            ))}
          </Fact>
        )}
        <MachineFacts machine={self} />
      </dl>
    </>
  );
}

function PeerCard({ peer, nowMs }: { peer: PanelPeer; nowMs: number }): ReactElement {
  const words = useNetworkWords();
  const { details } = words;
  const language = useLanguage();
  const { connection, seenMs, expiresMs, reliability } = peer;
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  return (
    <>
      <Head machine={peer} badge={words.tiers[peer.tier]} />
      <ModelsReady models={peer.models} />
      <dl className="node-facts">
        <Fact name={details.reached}>{connection === null ? words.away : words.reach[connection.reach]}</Fact>
        {connection === null ? null : (
          <>
            <Fact name={details.roundTrip}>
              {connection.roundTripMs === null
                ? details.notMeasured
                : words.graph.ms(measure(connection.roundTripMs, language))}
            </Fact>
            <Fact name={details.received}>{size(connection.receivedBytes, language)}</Fact>
            <Fact name={details.sent}>{size(connection.sentBytes, language)}</Fact>
          </>
        )}
        {reliability === null ? null : (
          <Fact name={details.reliability}>{shareText(reliability, language)}</Fact>
        )}
        {seenMs === null ? null : <Fact name={details.seen}>{agoText(nowMs - seenMs, language)}</Fact>}
        {expiresMs === null ? (
          <Fact name={details.expires}>{peer.hasLeft ? details.left : details.over}</Fact>
        ) : (
          <Fact name={details.expires}>{clock.format(expiresMs)}</Fact>
        )}
        <MachineFacts machine={peer} />
      </dl>
    </>
  );
}

function Head({ machine, badge }: { machine: PanelMachine; badge: string }): ReactElement {
  return (
    <div className="node-head">
      <h2>{machine.name}</h2>
      <span className="badge">{badge}</span>
    </div>
  );
}

function MachineFacts({ machine }: { machine: PanelMachine }): ReactElement {
  const { details } = useNetworkWords();
  const { devices, version, canRelay, operator, key } = machine;
  return (
    <>
      {devices.length === 0 ? null : (
        <Fact name={details.devices} isWide>
          {devices.join(', ')}
        </Fact>
      )}
      {version === null ? null : <Fact name={details.version}>{version}</Fact>}
      {canRelay ? <Fact name={details.relays}>{details.yes}</Fact> : null}
      <Fact name={details.key} isWide>
        <KeyText text={key} label={details.copyKey} />
      </Fact>
      <Fact name={details.operator} isWide>
        {operator === null ? details.unknown : <KeyText text={operator} label={details.copyOperator} />}
      </Fact>
    </>
  );
}

function KeyText({ text, label }: { text: string; label: string }): ReactElement {
  return (
    <span className="key-text">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}

interface FactProps {
  name: string;
  isWide?: boolean;
  children: ReactNode;
}

function Fact({ name, isWide = false, children }: FactProps): ReactElement {
  return (
    <div className={isWide ? 'fact-wide' : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
