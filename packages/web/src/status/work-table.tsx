import type { PanelStatus } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { count } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { useStatusWords } from './status-words.ts';

/** What is being answered, and who waits. */
export function WorkTable({ status }: { status: PanelStatus }): ReactElement {
  const { work: words } = useStatusWords();
  const language = useLanguage();
  const { sessions, active, queued, queueMax } = status;
  return (
    <section aria-labelledby="work-title">
      <h2 id="work-title">{words.title}</h2>
      <dl className="fact-row">
        <div>
          <dt>{words.active}</dt>
          <dd>{count(active, language)}</dd>
        </div>
        <div>
          <dt>{words.queued}</dt>
          <dd>{words.queuedOf(count(queued, language), count(queueMax, language))}</dd>
        </div>
      </dl>
      {sessions.length === 0 ? (
        <p className="panel-empty">{words.empty}</p>
      ) : (
        <table className="panel-table" aria-labelledby="work-title">
          <thead>
            <tr>
              <th scope="col">{words.model}</th>
              <th scope="col" className="number">
                {words.sessions}
              </th>
            </tr>
          </thead>
          <tbody>
            {sessions.map(({ model, count: held }) => (
              <tr key={model}>
                <th scope="row">{model}</th>
                <td className="number">{count(held, language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
