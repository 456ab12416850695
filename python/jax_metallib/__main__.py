"""`python -m jax_metallib` prints what is installed and in use, for a bug report."""

import json

from . import info

print(json.dumps(info(), indent=2))
