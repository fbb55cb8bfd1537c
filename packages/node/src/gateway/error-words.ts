/** Each API words errors its own way, also those of requests that reach none of its endpoints. */
import { ANTHROPIC_ERRORS } from './anthropic/error-shape.ts';
import { VERSION_HEADER } from './anthropic/routes.ts';
import { OLLAMA_ERRORS } from './ollama/error-shape.ts';
import { errorResponse } from './openai/error-shape.ts';

export function errorResponseFor(request: Request, error: unknown): Response {
  if (isAnthropic(request)) return ANTHROPIC_ERRORS.response(error);
  const isOllama = new URL(request.url).pathname.startsWith('/api/');
  return isOllama ? OLLAMA_ERRORS.response(error) : errorResponse(error);
}

/** By path, or by the header that only clients of Anthropic's send. */
export function isAnthropic(request: Request): boolean {
  return new URL(request.url).pathname.startsWith('/v1/messages') || request.headers.has(VERSION_HEADER);
}
