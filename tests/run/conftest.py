"""One small study for all tests of whole runs."""

import pytest
from checkouts import Checkout, make_checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    return make_checkout(tmp_path_factory.mktemp("run"), languages="[fi]")
