/**
 * The official client in a process of its own, which trusts the certificates of `NODE_EXTRA_CA_CERTS` and no other:
 * `node tls-client.ts URL KEY MODEL`. Prints what it saw as one line of JSON.
 */
import OpenAI from 'openai';

const [url, apiKey = '', model = ''] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
try {
  const models = await client.models.list();
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Hello' }],
    max_tokens: 8,
    stream: true,
    stream_options: { include_usage: true },
  });
  let usage: OpenAI.CompletionUsage | null | undefined = null;
  for await (const chunk of stream) usage = chunk.usage ?? usage;
  print({ models: models.data.map(({ id }) => id), tokens: usage?.total_tokens });
} catch (error) {
  const { status = null, code: apiCode = null } = error instanceof OpenAI.APIError ? error : {};
  print({ status, apiCode, code: rootCode(error) });
}

/** What the system said, behind what the client made of it. */
function rootCode(error: unknown): unknown {
  if (!(error instanceof Error)) return null;
  return rootCode(error.cause) ?? ('code' in error ? error.code : null);
}

function print(seen: unknown): void {
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}
