import type { ReactElement } from 'react';

const SHOWN = 12;

/** Enough of it to tell it from others; the whole as its title. */
export function ShortHash({ hash }: { hash: string }): ReactElement {
  return (
    <code className="mono small" title={hash}>
      {hash.slice(0, SHOWN)}
    </code>
  );
}
