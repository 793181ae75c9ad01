"""Load a checkpoint into a network: work out everything, then change it."""
from .applying import LoadRecord, names_by_action, names_with, set_all
from .networks import outputs_of
from .planning import Options, plan_load

__all__ = ["LoadRecord", "load_into"]


def load_into(network, checkpoint, options=None):
    """Put the values of a checkpoint into a network, or change nothing.

    Parameters
    ----------
    network : Layer, list or dict of Layer, or NeuralNet
        Output layer or layers, or all layers by name.
    checkpoint : Checkpoint
        The file.
    options : Options, optional
        What :func:`lasagne_flipconv.load` is told.

    Returns
    -------
    LoadRecord
        What was done, by name.

    Raises
    ------
    CheckpointError
        If something does not fit.
    ConventionError
        If the orientation matters and is not known.
    """
    options, network = options or Options(), outputs_of(network, "load")
    if options.orientation == "detect":
        from .orientation.detecting import detected
        options = options._replace(orientation=detected(
            network, checkpoint, options))
    plans, matches, refused = plan_load(network, checkpoint, options)
    set_all(plans)
    return _record(plans, matches, refused)


def _record(plans, matches, refused):
    return LoadRecord(computed=names_with(plans, "computed"),
                      missing=tuple(s.name for s in matches.missing),
                      unused=tuple(e.name for e in [*matches.unused,
                                                    *matches.beside]),
                      refused=refused, **names_by_action(plans))
