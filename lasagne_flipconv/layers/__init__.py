"""Drop-in layers, each in the module where Lasagne has it."""
from .conv import *  # noqa: F401,F403
from .corrmm import *  # noqa: F401,F403
from .cuda_convnet import *  # noqa: F401,F403
from .dilated import *  # noqa: F401,F403
from .dnn import *  # noqa: F401,F403
from .local import *  # noqa: F401,F403
from .transposed import *  # noqa: F401,F403
