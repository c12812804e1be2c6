"""LiteLLM, imported when something first needs it: that takes seconds and 150 MB, which an own endpoint does not ask for."""

from __future__ import annotations

import functools
import gc
from typing import Any

from workbench.errors import UsageError


@functools.cache
def litellm() -> Any:
    """Return the library, set up for this process.

    Raises
    ------
    UsageError
        It cannot be imported.
    """
    try:
        import litellm as library
    except ImportError as error:
        raise UsageError(f"litellm cannot be imported ({error}); install it, or use --proposer builtin") from error
    library.telemetry = False
    library.suppress_debug_info = True
    library.drop_params = True  # ignore parameters that a model does not support (usually temperature)
    library.disable_hf_tokenizer_download = True  # some names of models would have it download their tokenizer
    gc.collect()
    gc.freeze()  # exclude the library's objects from garbage collection
    return library
