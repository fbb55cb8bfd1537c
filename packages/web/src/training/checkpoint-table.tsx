import type { PanelCheckpoint } from '@filon/core/panel/training';
import type { ReactElement } from 'react';
import { count, size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { ShortHash } from './short-hash.tsx';
import { useTrainingWords } from './training-words.ts';

export function CheckpointTable({ checkpoints }: { checkpoints: readonly PanelCheckpoint[] }): ReactElement {
  const { checkpoints: words } = useTrainingWords();
  const language = useLanguage();
  return (
    <section aria-labelledby="checkpoints-title">
      <h2 id="checkpoints-title">{words.title}</h2>
      {checkpoints.length === 0 ? (
        <p className="panel-empty">{words.empty}</p>
      ) : (
        <table className="panel-table" aria-labelledby="checkpoints-title">
          <thead>
            <tr>
              <th scope="col">{words.step}</th>
              <th scope="col">{words.size}</th>
              <th scope="col">{words.id}</th>
            </tr>
          </thead>
          <tbody>
            {checkpoints.map(({ id, step, bytes }) => (
              <tr key={step}>
                <th scope="row">{count(step, language)}</th>
                <td>{size(bytes, language)}</td>
                <td>
                  <ShortHash hash={id} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
