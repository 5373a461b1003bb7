"""The two Norse cells the models are built from, imported without Norse's own warnings.

Norse scripts its functions with `torch.jit.script` while it is being imported, which newer torch
versions report as deprecated: nothing that a user of this package could mend.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from norse.torch.functional.leaky_integrator_box import LIBoxParameters, LIBoxState
    from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters
    from norse.torch.module.leaky_integrator_box import LIBoxCell
    from norse.torch.module.lif_box import LIFBoxCell

__all__ = [
    "LIBoxCell",
    "LIBoxParameters",
    "LIBoxState",
    "LIFBoxCell",
    "LIFBoxFeedForwardState",
    "LIFBoxParameters",
]
