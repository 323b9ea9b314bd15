"""Client of AI Aggregator, an OpenAI-compatible gateway to many vendors of models."""

from . import types
from ._client import AIAggregatorClient, AsyncAIAggregatorClient
from ._errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InsufficientFundsError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    StreamError,
    UnprocessableEntityError,
    WebhookVerificationError,
)
from ._model import Model
from ._response import RateLimit, ResponseInfo
from ._streams import AsyncStream, Stream
from ._version import __version__

__all__ = [
    "AIAggregatorClient",
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "AsyncAIAggregatorClient",
    "AsyncStream",
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "InsufficientFundsError",
    "InternalServerError",
    "Model",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimit",
    "RateLimitError",
    "ResponseInfo",
    "Stream",
    "StreamError",
    "UnprocessableEntityError",
    "WebhookVerificationError",
    "__version__",
    "types",
]
