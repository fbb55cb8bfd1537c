/** What to do where there is nobody yet. */
import type { ReactElement } from 'react';
import { CopyButton } from '../ui/copy-button.tsx';
import { useNetworkWords } from './network-words.ts';

export function EmptySwarm(): ReactElement {
  const { empty, placeholders } = useNetworkWords();
  return (
    <section className="swarm-empty" aria-labelledby="swarm-empty">
      <h2 id="swarm-empty">{empty.title}</h2>
      <p>{empty.why}</p>
      <div className="swarm-ways-in">
        <section aria-labelledby="swarm-create">
          <h3 id="swarm-create">{empty.create}</h3>
          <p>{empty.createSteps.create}</p>
          <Command text={`./filon swarm create ${placeholders.name}`} />
          <p>{empty.createSteps.invite}</p>
          <Command text="./filon swarm invite" />
        </section>
        <section aria-labelledby="swarm-join">
          <h3 id="swarm-join">{empty.join}</h3>
          <p>{empty.joinSteps.ask}</p>
          <p>{empty.joinSteps.up}</p>
          <Command text={`./filon up --join ${placeholders.invite}`} />
        </section>
      </div>
      <p className="quiet small">{empty.private}</p>
    </section>
  );
}

export function LonelySwarm(): ReactElement {
  const { empty, placeholders } = useNetworkWords();
  return (
    <section className="swarm-empty" aria-labelledby="swarm-lonely">
      <h2 id="swarm-lonely">{empty.lonely}</h2>
      <p>{empty.lonelyHow}</p>
      <Command text="./filon swarm invite" />
      <Command text={`./filon up --join ${placeholders.invite}`} />
    </section>
  );
}

function Command({ text }: { text: string }): ReactElement {
  const { empty } = useNetworkWords();
  return (
    <div className="login-command">
      <code>{text}</code>
      <CopyButton text={text} label={`${empty.copy}: ${text}`} />
    </div>
  );
}
