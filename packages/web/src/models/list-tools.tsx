import type { ReactElement } from 'react';
import { useModelsWords } from './model-words.ts';
import { FILTERS, type Wish } from './shown-models.ts';

const QUERY_CHARACTERS_MAX = 200;

/** What of the list to show. */
export function ListTools({ wish, onWish }: { wish: Wish; onWish: (wish: Wish) => void }): ReactElement {
  const words = useModelsWords();
  return (
    <search className="list-tools">
      <label>
        <span>{words.search}</span>
        <input
          type="search"
          value={wish.query}
          placeholder={words.searchHint}
          maxLength={QUERY_CHARACTERS_MAX}
          onChange={({ target }) => onWish({ ...wish, query: target.value })}
        />
      </label>
      <label>
        <span>{words.show}</span>
        <select
          value={wish.filter}
          onChange={({ target }) =>
            onWish({ ...wish, filter: FILTERS.find((one) => one === target.value) ?? 'all' })
          }
        >
          {FILTERS.map((one) => (
            <option key={one} value={one}>
              {words.filters[one]}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}
