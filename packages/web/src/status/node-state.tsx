import type { PanelStatus } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { durationText } from '../panel/times.ts';
import { hrefOf } from '../state/route.ts';
import { Icon } from '../ui/icon.tsx';
import { useStatusWords } from './status-words.ts';

/** Whether it can answer, unless nobody knows just now, and the facts about the process. */
export function NodeState({ status, isKnown }: { status: PanelStatus; isKnown: boolean }): ReactElement {
  const { facts } = useStatusWords();
  const language = useLanguage();
  return (
    <>
      {isKnown ? <Readiness status={status} /> : null}
      <dl className="fact-row">
        <div>
          <dt>{facts.up}</dt>
          <dd>{durationText(status.uptimeSeconds * 1000)}</dd>
        </div>
        <div>
          <dt>{facts.defaultModel}</dt>
          <dd>
            <a href={hrefOf({ page: 'models' })}>{status.defaultModel}</a>
          </dd>
        </div>
        <div>
          <dt>{facts.resident}</dt>
          <dd>
            {size(status.residentBytes, language)} <span className="quiet small">{facts.residentHint}</span>
          </dd>
        </div>
        <div>
          <dt>{facts.version}</dt>
          <dd>{status.version}</dd>
        </div>
      </dl>
    </>
  );
}

function Readiness({ status }: { status: PanelStatus }): ReactElement {
  const { ready, notReady, toModels } = useStatusWords();
  return (
    <p className={status.ready ? 'node-state' : 'node-state node-state-not'} role="status">
      <Icon name={status.ready ? 'check' : 'warning'} />
      <span>{status.ready ? ready : notReady}</span>
      {status.ready ? null : (
        <>
          <span className="quiet small" lang="en">
            {status.reason}
          </span>
          <a href={hrefOf({ page: 'models' })}>{toModels}</a>
        </>
      )}
    </p>
  );
}
