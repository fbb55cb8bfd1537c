import type { ReactElement } from 'react';
import { useWords } from '../i18n/words.ts';
import { LANGUAGES, prefer, preferences, THEMES } from '../state/preferences.ts';
import { useStore } from '../state/store.ts';

export function PreferenceChoices(): ReactElement {
  const words = useWords().preferences;
  const { language, theme } = useStore(preferences);
  return (
    <div className="preferences">
      <label>
        <span>{words.language}</span>
        <select
          value={language}
          onChange={({ target }) =>
            prefer({ language: LANGUAGES.find((one) => one === target.value) ?? language })
          }
        >
          {LANGUAGES.map((one) => (
            <option key={one} value={one} lang={one}>
              {words.languages[one]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{words.theme}</span>
        <select
          value={theme}
          onChange={({ target }) => prefer({ theme: THEMES.find((one) => one === target.value) ?? theme })}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {words.themes[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
