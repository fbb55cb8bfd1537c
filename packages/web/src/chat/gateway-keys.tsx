/** In the settings: the gateways that go on with an answer when the page's own node is gone. */
import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { namedGateways } from '../state/gateways.ts';
import { prefer, preferences } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';
import { Field } from '../ui/field.tsx';

export function GatewayKeys(): ReactElement | null {
  const { gateways: words } = useWords().chat;
  const urls = useStore(namedGateways);
  const { gatewayKeys } = useStore(preferences);
  if (urls.length === 0) return null;
  const change = (url: string, key: string): void => {
    const { [url]: _, ...others } = gatewayKeys;
    prefer({ gatewayKeys: key === '' ? others : { ...others, [url]: key } });
  };
  return (
    <section className="field" aria-labelledby="gateway-keys">
      <h3 id="gateway-keys">{words.heading}</h3>
      <p>{words.about}</p>
      {urls.map((url) => (
        <Field key={url} label={words.keyOf(url)} hint={words.keyHint}>
          {(about) => (
            <input
              {...about}
              type="password"
              autoComplete="off"
              value={gatewayKeys[url] ?? ''}
              onChange={({ target }) => change(url, target.value.trim())}
            />
          )}
        </Field>
      ))}
    </section>
  );
}
