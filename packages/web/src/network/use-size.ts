import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { Size } from './graph-layout.ts';

const BEFORE: Size = { width: 360, height: 420 };

/** Of the element that gets the ref, as it changes. */
export function useSize<T extends Element>(): { box: RefObject<T | null>; size: Size } {
  const box = useRef<T>(null);
  const [size, setSize] = useState(BEFORE);
  useLayoutEffect(() => {
    const { current } = box;
    if (current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const { width, height } = entry.contentRect;
      if (width > 0 && height > 0) setSize({ width, height });
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return { box, size };
}
