"""The suites are base classes in modules of their own; their asserts should explain themselves too."""

import pytest

pytest.register_assert_rewrite("tests.contracts.document_store", "tests.contracts.vector_store")
