import pytest

pytest.register_assert_rewrite("tests.ranking.harness")
