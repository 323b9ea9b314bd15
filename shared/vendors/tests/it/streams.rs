//! Recorded streams that say [`TEXT`](crate::fixtures::TEXT).

pub(crate) mod openai {
    /// With what real streams have: a role first, `obfuscation`, `usage: null`, a comment, CRLF in places, the usage chunk.
    pub(crate) const STREAM: &str = concat!(
        ": waiting\r\n\r\n",
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",",
        "\"refusal\":null},\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"xZ\"}\r\n\r\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Привет\"},\"finish_reason\":null}],\"usage\":null}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\", мир 🙂\"},\"finish_reason\":null}],\"obfuscation\":\"a1b2\"}\n\n",
        "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"!\"},\"finish_reason\":null}]}\r\n\r\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":42,\"total_tokens\":62}}\n\n",
        "data: [DONE]\n\n",
    );

    /// The bytes after which the answer is known to be whole.
    pub(crate) const FINISHED_BY: &str = "\"finish_reason\":\"stop\"}],\"usage\":null}";
}

pub(crate) mod anthropic {
    /// With what real streams have: named events, `ping`, a thinking block, an event yet to be invented, cumulative usage
    /// with cached tokens.
    pub(crate) const STREAM: &str = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[],\"usage\":{",
        "\"input_tokens\":12,\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":3,\"output_tokens\":1}}}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",",
        "\"thinking\":\"hm\"}}\r\n\r\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Привет\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\", мир 🙂\"}}\n\n",
        "data: {\"type\":\"invented_later\",\"x\":[1]}\n\n",
        "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"!\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":42},\"delta\":{\"stop_reason\":\"end_turn\",",
        "\"stop_sequence\":null}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );

    /// The bytes after which the answer is known to be whole.
    pub(crate) const FINISHED_BY: &str = "\"stop_sequence\":null}}";
}

pub(crate) mod gigachat {
    /// With what recorded streams have: `object` without `.chunk`, `role` in the first delta only, usage in the last chunk
    /// unasked.
    pub(crate) const STREAM: &str = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"Привет\",\"role\":\"assistant\"},\"index\":0}],\"created\":1768996176,",
        "\"model\":\"GigaChat:2.0.28.2\",\"object\":\"chat.completion\"}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\", мир 🙂\"},\"index\":0}],\"object\":\"chat.completion\"}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"index\":0}],\"object\":\"chat.completion\"}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"index\":0,\"finish_reason\":\"stop\"}],\"object\":\"chat.completion\",",
        "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":42,\"total_tokens\":62,\"precached_prompt_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
    );

    /// The bytes after which the answer is known to be whole.
    pub(crate) const FINISHED_BY: &str = "\"precached_prompt_tokens\":2}}";
}

pub(crate) mod yandexgpt {
    /// Every line repeats the whole text so far; numbers are strings; the final line end is missing.
    pub(crate) const STREAM: &str = concat!(
        "{\"result\":{\"alternatives\":[{\"message\":{\"role\":\"assistant\",\"text\":\"Привет\"},\"status\":\"ALTERNATIVE_STATUS_PARTIAL\"}],",
        "\"usage\":{\"inputTextTokens\":\"20\",\"completionTokens\":\"3\",\"totalTokens\":\"23\"},\"modelVersion\":\"18.01.2026\"}}\n",
        "{\"result\":{\"alternatives\":[{\"message\":{\"role\":\"assistant\",\"text\":\"Привет, мир 🙂\"},",
        "\"status\":\"ALTERNATIVE_STATUS_PARTIAL\"}]}}\r\n\r\n",
        "{\"result\":{\"alternatives\":[{\"message\":{\"role\":\"assistant\",\"text\":\"Привет, мир 🙂!\"},\"status\":\"ALTERNATIVE_STATUS_FINAL\"}],",
        "\"usage\":{\"inputTextTokens\":\"20\",\"completionTokens\":\"42\",\"totalTokens\":\"62\"},\"modelVersion\":\"18.01.2026\"}}\n\n",
    );

    /// The bytes after which the answer is known to be whole.
    pub(crate) const FINISHED_BY: &str = "\"totalTokens\":\"62\"},\"modelVersion\":\"18.01.2026\"}}";
}
