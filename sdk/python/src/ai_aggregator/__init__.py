"""Client of AI Aggregator, an OpenAI-compatible gateway to many model vendors."""

from . import types
from ._async.client import AsyncAIAggregatorClient
from ._async.streams import AsyncStream
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
from ._sync.client import AIAggregatorClient
from ._sync.streams import Stream
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
