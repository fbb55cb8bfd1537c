/** The parts behind the page, made once. */

import { invariant } from '@filon/core/errors';
import { createContext, useContext } from 'react';
import type { Answering } from '../answering/answering.ts';
import type { Library } from '../keep/library.ts';
import type { ModelShelf } from '../models-here/model-shelf.ts';

export interface Services {
  library: Library;
  answering: Answering;
  models: ModelShelf;
}

export const ServicesContext: React.Context<Services | null> = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  invariant(services !== null, 'the page has its services');
  return services;
}
