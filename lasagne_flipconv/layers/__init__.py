"""All layers: the drop-ins, and what Lasagne 0.1 lacks of 0.2.dev1."""
from . import (backports, conv, corrmm, cuda_convnet, dilated, dnn, local,
               transposed)
from .backports import *  # noqa: F401,F403
from .conv import *  # noqa: F401,F403
from .corrmm import *  # noqa: F401,F403
from .cuda_convnet import *  # noqa: F401,F403
from .dilated import *  # noqa: F401,F403
from .dnn import *  # noqa: F401,F403
from .local import *  # noqa: F401,F403
from .transposed import *  # noqa: F401,F403

__all__ = [name for module in (conv, corrmm, cuda_convnet, dilated, dnn,
                               local, transposed, backports)
           for name in module.__all__]
