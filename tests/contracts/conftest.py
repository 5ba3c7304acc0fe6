"""The suites are base classes in modules of their own; their asserts should explain themselves too."""

import pytest

pytest.register_assert_rewrite(
    "tests.contracts.chat_model",
    "tests.contracts.document_store",
    "tests.contracts.embedder",
    "tests.contracts.vector_store",
)
