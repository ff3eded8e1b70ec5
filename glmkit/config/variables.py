"""The environment variables of glmkit, and what each one does."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping

#: Name → what it sets.
VARIABLES = {
    "GLMKIT_ENDPOINT": "where calls go: local, bigmodel, zai, ...-coding or a URL",
    "GLMKIT_API_KEY": "the key of GLMKIT_ENDPOINT",
    "GLMKIT_SERVES": "the service that a gateway's URL speaks for: bigmodel or zai",
    "GLMKIT_MODEL": "the model where a call names none",
    "GLMKIT_TIER": "the account's level, V0 to V8: how many requests in flight",
    "GLMKIT_REPLAY": "the replay mode of the process, before all others",
    "GLMKIT_CASSETTE": "the file that answers are recorded in",
    "GLMKIT_PRIVACY": "1: the ledger and saved outputs keep no prompts and answers",
    "GLMKIT_MODELS_FILE": "a JSON file of models and prices beside the catalogue",
    "GLMKIT_TOKENIZER": "GLM's tokenizer file, for exact counts",
    "GLMKIT_DATA_DIR": "the folder of ledger and weights",
    "GLMKIT_STATE_DIR": "the folder of locks and running servers",
    "GLMKIT_LOCAL_MODEL": "the GGUF file that answers on this machine",
    "GLMKIT_LOCAL_EMBEDDINGS": "the folder of the local model of vectors",
    "GLMKIT_LOCAL_DOCUMENTS": "the folder to search, as serve --documents",
    "GLMKIT_LOCAL_IDLE_S": "seconds without a call after which the platform ends",
    "ZHIPUAI_API_KEY": "a key of bigmodel",
    "ZHIPUAI_BASE_URL": "another URL for ZHIPUAI_API_KEY",
    "ZAI_API_KEY": "a key of zai",
    "ZAI_BASE_URL": "another URL for ZAI_API_KEY",
}


def unknown(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that look like glmkit's and are not → the nearest name.

    >>> unknown({"GLMKIT_ENDPIONT": "local", "HOME": "/"})
    {'GLMKIT_ENDPIONT': 'GLMKIT_ENDPOINT'}
    """
    odd = [n for n in environ if n.startswith("GLMKIT_") and n not in VARIABLES]
    near = {name: difflib.get_close_matches(name, VARIABLES, 1) for name in sorted(odd)}
    return {name: found[0] if found else "" for name, found in near.items()}
