import type { PanelDevice } from '@filon/core/panel/messages';
import type { ReactElement } from 'react';
import { count, size } from '../i18n/numbers.ts';
import { useLanguage } from '../i18n/words.ts';
import { Icon } from '../ui/icon.tsx';
import { useStatusWords } from './status-words.ts';

export function DeviceTable({ devices }: { devices: readonly PanelDevice[] }): ReactElement {
  const { devices: words } = useStatusWords();
  return (
    <section aria-labelledby="devices-title">
      <h2 id="devices-title">{words.title}</h2>
      {devices.length === 0 ? (
        <p className="panel-empty">{words.empty}</p>
      ) : (
        <table className="panel-table" aria-labelledby="devices-title">
          <thead>
            <tr>
              <th scope="col">{words.device}</th>
              <th scope="col">{words.memory}</th>
              <th scope="col">{words.worker}</th>
            </tr>
          </thead>
          <tbody>
            {devices.map((device) => (
              <DeviceRow key={device.id} device={device} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function DeviceRow({ device }: { device: PanelDevice }): ReactElement {
  const { devices: words } = useStatusWords();
  const language = useLanguage();
  const { name, id, backend, memoryBytes, freeBytes, worker, deaths } = device;
  const usedBytes = Math.max(0, memoryBytes - freeBytes);
  const isSick = worker === 'crash-loop' || worker === 'backing-off';
  return (
    <tr>
      <th scope="row">
        {name}
        <span className="cell-more">
          {id} · {backend}
        </span>
      </th>
      <td className="device-memory">
        <progress aria-hidden="true" max={memoryBytes} value={usedBytes} />
        <meter
          className="sr-only"
          min={0}
          max={memoryBytes}
          value={usedBytes}
          aria-label={words.memoryLabel(name)}
        />
        <span className="cell-more">
          {words.memoryOf(size(usedBytes, language), size(memoryBytes, language))}
        </span>
      </td>
      <td className={isSick ? 'worker-sick' : undefined}>
        {isSick ? <Icon name="warning" /> : null} {words.workers[worker]}
        {deaths === 0 ? null : (
          <span className="cell-more">
            {deaths === 1 ? words.deathOnce : words.deaths(count(deaths, language))}
          </span>
        )}
      </td>
    </tr>
  );
}
