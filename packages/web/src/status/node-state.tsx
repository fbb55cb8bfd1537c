import type { PanelStatus } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { size } from '../i18n/numbers.ts';
import { useLanguage, useWords } from '../i18n/words.ts';
import { durationText } from '../panel/times.ts';
import { hrefOf } from '../state/route.ts';
import { Icon } from '../ui/icon.tsx';
import { useStatusWords } from './status-words.ts';

/** Whether it can answer, and the facts about the process. */
export function NodeState({ status }: { status: PanelStatus }): ReactElement {
  const { facts, ready, notReady } = useStatusWords();
  const { nav } = useWords();
  const language = useLanguage();
  return (
    <>
      <p className={status.ready ? 'node-state' : 'node-state node-state-not'} role="status">
        <Icon name={status.ready ? 'check' : 'warning'} />
        <span>{status.ready ? ready : notReady}</span>
        {status.ready ? null : (
          <>
            <span className="quiet small" lang="en">
              {status.reason}
            </span>
            <a href={hrefOf({ page: 'models' })}>{nav.models}</a>
          </>
        )}
      </p>
      <dl className="fact-row">
        <div>
          <dt>{facts.up}</dt>
          <dd>{durationText(status.uptimeSeconds * 1000)}</dd>
        </div>
        <div>
          <dt>{facts.defaultModel}</dt>
          <dd>{status.defaultModel}</dd>
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
