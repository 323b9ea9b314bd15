// Compiled, not run: what a program in TypeScript may write, and what it may not.
import {
  AIAggregatorClient,
  APIError,
  RateLimitError,
  type ChatCompletionChunk,
  type ChatMessage,
  type Stream,
} from '@ai-aggregator/sdk';

const client = new AIAggregatorClient({ apiKey: 'ak_live_1234567890abcdef', baseUrl: 'https://api.ai-aggregator.com' });

export async function chat(): Promise<string | null> {
  const messages: ChatMessage[] = [
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }] },
  ];
  const response = await client.chat.completions.create({ model: 'gpt-4', messages });
  const call = response.choices[0]!.message;
  messages.push(call, { role: 'tool', tool_call_id: call.tool_calls![0]!.id, content: '{}' });
  const cost: number = response.cost;
  void cost;

  const stream: Stream<ChatCompletionChunk> = await client.chat.completions.create({
    model: 'gpt-4',
    messages,
    stream: true,
  });
  for await (const { choices } of stream) choices[0]?.delta.content?.trim();

  const either = await client.chat.completions.create({ model: 'gpt-4', messages, stream: Math.random() > 0.5 });
  if ('choices' in either) either.choices.at(0);

  // @ts-expect-error: a chunk has no message
  for await (const { choices } of stream) choices[0].message;
  // @ts-expect-error: misspelt
  await client.chat.completions.create({ model: 'gpt-4', messages, temprature: 1 });
  return call.content;
}

export async function company(): Promise<void> {
  const payment = await client.payments.create({ amount: 1000, currency: 'RUB' });
  const amount: string = payment.amount;
  const balance: number = (await client.billing.balance()).balance;
  void [amount, balance];
  for await (const transaction of client.billing.iterateTransactions({ type: 'DEBIT', startDate: new Date() }))
    transaction.amount.toFixed(2);
  const { data, rateLimit } = await client.models.list().withResponse();
  const remaining: number | undefined = rateLimit.remaining;
  void [data.data[0]?.context_length, remaining];
  const promise: Promise<void> = client.apiKeys.revoke('id', { signal: AbortSignal.timeout(1000) });
  await promise.catch((error: unknown) => {
    if (error instanceof RateLimitError) error.status satisfies 429;
    else if (error instanceof APIError) error.details?.map(({ field }) => field);
  });
  const event = await client.webhooks.verify<{ paymentId: string }>('{}', { 'webhook-id': ['x'] }, 'secret');
  event.data.paymentId.trim();
}
