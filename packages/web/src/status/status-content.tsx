/** How the node is now, every two seconds while somebody looks. */
import type { ReactElement } from 'react';
import { useLanguage } from '../i18n/words.ts';
import { FailureNotice } from '../panel/failure-notice.tsx';
import { failureOf, usePanelWords } from '../panel/panel-words.ts';
import { usePolled } from '../panel/use-polled.ts';
import { useStore } from '../state/store.ts';
import { Notice } from '../ui/notice.tsx';
import { AnswerList } from './answer-list.tsx';
import { CounterList } from './counter-list.tsx';
import { DeviceTable } from './device-table.tsx';
import { FaultList } from './fault-list.tsx';
import { type Heard, hearStatus, speedHistory } from './live-status.ts';
import { NodeState } from './node-state.tsx';
import { SpeedChart } from './speed-chart.tsx';
import { useStatusWords } from './status-words.ts';
import { WorkTable } from './work-table.tsx';

const STATUS_EVERY_MS = 2000;

export function StatusContent(): ReactElement {
  const words = useStatusWords();
  const { value, failure, again } = usePolled(hearStatus, STATUS_EVERY_MS);
  const history = useStore(speedHistory);
  if (value === null && failure !== null) return <FailureNotice failure={failureOf(failure)} isNews />;
  if (value === null) return <p className="quiet">{words.loading}</p>;
  const { status } = value;
  return (
    <>
      {failure === null ? null : <AwayNotice heard={value} />}
      <NodeState status={status} isKnown={failure === null} />
      <SpeedChart history={history} />
      <DeviceTable devices={status.devices} />
      <WorkTable status={status} />
      <AnswerList answers={status.answers} nowMs={Date.now()} onChanged={again} />
      <CounterList counters={status.counters} />
      <FaultList faults={status.faults} nowMs={Date.now()} />
    </>
  );
}

/** The text stays the same while it is there: it is read out loud. */
function AwayNotice({ heard }: { heard: Heard }): ReactElement {
  const words = usePanelWords();
  const clock = new Intl.DateTimeFormat(useLanguage(), { timeStyle: 'medium' });
  return <Notice kind="error" text={words.awaySince(clock.format(heard.atMs))} />;
}
