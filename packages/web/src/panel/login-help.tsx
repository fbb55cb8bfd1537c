import type { ReactElement } from 'react';
import { CopyButton } from '../ui/copy-button.tsx';
import { usePanelWords } from './panel-words.ts';

const COMMAND = './filon login';

/** How to get in, for browsers without an operator's session. */
export function LoginHelp(): ReactElement {
  const { login } = usePanelWords();
  return (
    <section className="login-help" aria-labelledby="login-help">
      <h2 id="login-help">{login.title}</h2>
      <p>{login.why}</p>
      <ol>
        <li>
          {login.stepTerminal}
          <div className="login-command">
            <code>{COMMAND}</code>
            <CopyButton text={COMMAND} label={login.copy} />
          </div>
        </li>
        <li>{login.stepLink}</li>
        <li>{login.stepBack}</li>
      </ol>
      <p className="quiet">{login.chatOnly}</p>
    </section>
  );
}
