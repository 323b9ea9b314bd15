import type { APIPromise } from '../api-promise.js';
import type { Core, RequestOptions } from '../core.js';
import type { Stream } from '../stream.js';

// ---------------------------------------------------------------------------------------------------------------------- messages

export interface TextPart {
  type: 'text';
  text: string;
}

export interface ImagePart {
  type: 'image_url';
  image_url: {
    /** An address, or the picture itself as a `data:` URL. */
    url: string;
    detail?: 'auto' | 'low' | 'high';
  };
}

/** A function that the model wants to be called. */
export interface ToolCall {
  id: string;
  type: 'function';
  function: {
    name: string;
    /** JSON, as the model wrote it: it may be invalid, or not fit the schema. */
    arguments: string;
  };
}

export interface SystemMessage {
  role: 'system' | 'developer';
  content: string | TextPart[];
  name?: string;
}

export interface UserMessage {
  role: 'user';
  content: string | (TextPart | ImagePart)[];
  name?: string;
}

export interface AssistantMessage {
  role: 'assistant';
  content?: string | TextPart[] | null;
  name?: string;
  refusal?: string | null;
  tool_calls?: ToolCall[];
}

/** What a function returned. */
export interface ToolMessage {
  role: 'tool';
  content: string | TextPart[];
  tool_call_id: string;
}

export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

// ----------------------------------------------------------------------------------------------------------------------- request

/** A function that the model may ask for. */
export interface Tool {
  type: 'function';
  function: {
    name: string;
    description?: string;
    /** JSON Schema of the arguments. */
    parameters?: Record<string, unknown>;
    strict?: boolean | null;
  };
}

export type ToolChoice = 'none' | 'auto' | 'required' | { type: 'function'; function: { name: string } };

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      json_schema: { name: string; description?: string; schema?: Record<string, unknown>; strict?: boolean | null };
    };

export interface ChatCompletionCreateParamsBase {
  /** The id of a model, from `models.list()`. */
  model: string;
  messages: ChatMessage[];
  frequency_penalty?: number | null;
  logit_bias?: Record<string, number> | null;
  logprobs?: boolean | null;
  max_completion_tokens?: number | null;
  max_tokens?: number | null;
  n?: number | null;
  parallel_tool_calls?: boolean;
  presence_penalty?: number | null;
  response_format?: ResponseFormat;
  seed?: number | null;
  stop?: string | string[] | null;
  temperature?: number | null;
  tool_choice?: ToolChoice;
  tools?: Tool[];
  top_logprobs?: number | null;
  top_p?: number | null;
  user?: string;
}

export interface ChatCompletionCreateParamsNonStreaming extends ChatCompletionCreateParamsBase {
  stream?: false | null;
}

export interface ChatCompletionCreateParamsStreaming extends ChatCompletionCreateParamsBase {
  stream: true;
  stream_options?: {
    /** Whether the last chunk tells the usage of the whole answer. */
    include_usage?: boolean;
  } | null;
}

export type ChatCompletionCreateParams = ChatCompletionCreateParamsNonStreaming | ChatCompletionCreateParamsStreaming;

// ------------------------------------------------------------------------------------------------------------------------ answer

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | (string & {});

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface TokenLogprob {
  token: string;
  logprob: number;
  bytes: number[] | null;
  top_logprobs: { token: string; logprob: number; bytes: number[] | null }[];
}

export interface Logprobs {
  content: TokenLogprob[] | null;
  refusal?: TokenLogprob[] | null;
}

export interface ChatCompletionMessage {
  role: 'assistant';
  content: string | null;
  refusal?: string | null;
  tool_calls?: ToolCall[];
}

export interface ChatCompletionChoice {
  index: number;
  message: ChatCompletionMessage;
  finish_reason: FinishReason;
  logprobs?: Logprobs | null;
}

export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  /** Seconds since 1970. */
  created: number;
  model: string;
  choices: ChatCompletionChoice[];
  usage: Usage;
  /** What the call cost, in dollars. */
  cost: number;
  /** The vendor that answered. */
  provider: string;
}

/** A piece of a tool call. Pieces with the same `index` belong together; their `arguments` are to be joined. */
export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: 'function';
  function?: { name?: string; arguments?: string };
}

export interface ChatCompletionDelta {
  role?: 'assistant';
  content?: string | null;
  refusal?: string | null;
  tool_calls?: ToolCallDelta[];
}

export interface ChatCompletionChunkChoice {
  index: number;
  delta: ChatCompletionDelta;
  finish_reason: FinishReason | null;
  logprobs?: Logprobs | null;
}

export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  /** Seconds since 1970. */
  created: number;
  model: string;
  /** Empty in a chunk that tells only the usage. */
  choices: ChatCompletionChunkChoice[];
  /** In the last chunk, if `stream_options.include_usage` asked for it. */
  usage?: Usage | null;
  /** What the call cost, in dollars, in a chunk that tells it. */
  cost?: number;
  /** The vendor that answers, in a chunk that tells it. */
  provider?: string;
}

// --------------------------------------------------------------------------------------------------------------------- resources

export class ChatCompletions {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Lets a model answer: at once, or with `stream: true` as chunks while it writes. */
  create(body: ChatCompletionCreateParamsNonStreaming, options?: RequestOptions): APIPromise<ChatCompletion>;
  create(body: ChatCompletionCreateParamsStreaming, options?: RequestOptions): APIPromise<Stream<ChatCompletionChunk>>;
  create(body: ChatCompletionCreateParams, options?: RequestOptions): APIPromise<ChatCompletion | Stream<ChatCompletionChunk>>;
  create(body: ChatCompletionCreateParams, options?: RequestOptions): APIPromise<ChatCompletion | Stream<ChatCompletionChunk>> {
    const call = { method: 'POST', path: '/chat/completions', body, credentials: 'key', creates: true } as const;
    return body.stream ? this.#core.stream<ChatCompletionChunk>(call, options) : this.#core.json<ChatCompletion>(call, options);
  }
}

export class Chat {
  readonly completions: ChatCompletions;

  constructor(core: Core) {
    this.completions = new ChatCompletions(core);
  }
}
