import type { PanelFault } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { failureText, usePanelWords } from '../panel/panel-words.ts';
import { agoText } from '../panel/times.ts';
import { type FaultGroup, groupedFaults } from './grouped-faults.ts';
import { useStatusWords } from './status-words.ts';

/** `nowMs`: of this browser; a clock that is behind the node's says "now". */
export function FaultList({ faults, nowMs }: { faults: readonly PanelFault[]; nowMs: number }): ReactElement {
  const { faults: words } = useStatusWords();
  return (
    <section aria-labelledby="faults-title">
      <h2 id="faults-title">{words.title}</h2>
      {faults.length === 0 ? (
        <p className="panel-empty">{words.empty}</p>
      ) : (
        <table className="panel-table" aria-labelledby="faults-title">
          <thead>
            <tr>
              <th scope="col">{words.when}</th>
              <th scope="col">{words.what}</th>
            </tr>
          </thead>
          <tbody>
            {groupedFaults(faults).map((fault) => (
              <FaultRow key={fault.key} fault={fault} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function FaultRow({ fault, nowMs }: { fault: FaultGroup; nowMs: number }): ReactElement {
  const { faults: words } = useStatusWords();
  const panelWords = usePanelWords();
  const language = useLanguage();
  const text = failureText(panelWords, fault);
  const at = new Date(fault.atMs);
  const exactly = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
  const asked = Object.hasOwn(words.routes, fault.route) ? words.routes[fault.route] : fault.route;
  return (
    <tr>
      <td className="fault-when">
        <time dateTime={at.toISOString()} title={exactly}>
          {agoText(nowMs - fault.atMs, language)}
        </time>
        {fault.count === 1 ? null : (
          <span className="cell-more">{words.times(count(fault.count, language))}</span>
        )}
      </td>
      <td>
        {text ?? <span lang="en">{fault.message}</span>}
        <span className="cell-more">
          {words.where} {asked} · <code>{fault.code}</code>
          {text === null ? null : (
            <>
              {' · '}
              <span lang="en">{fault.message}</span>
            </>
          )}
        </span>
      </td>
    </tr>
  );
}
