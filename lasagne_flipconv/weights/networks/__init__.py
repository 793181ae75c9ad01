"""How a network may be given, what its layers are called, what they hold."""
from .entries import entries_of, entry_of
from .expressions import expressions_in
from .holding import consumers_in, inputs_of, referred, steps_in
from .kinds import is_a, is_dense
from .parallel import exchangeable
from .slots import (Network, Slot, computed_in, layers_given, names_of,
                    output_of, outputs_of, reading_of, slots_of)

__all__ = ["Network", "Slot", "computed_in", "consumers_in", "entries_of",
           "entry_of", "exchangeable", "expressions_in", "inputs_of",
           "is_a", "is_dense", "layers_given", "names_of", "output_of",
           "outputs_of", "reading_of", "referred", "slots_of", "steps_in"]
