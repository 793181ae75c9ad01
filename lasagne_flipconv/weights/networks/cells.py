"""Recurrent layers as our modules of PyTorch have them: they are not read."""
from ...errors import CheckpointError

__all__ = ["refuse_cells"]


def refuse_cells(entries, where):
    """Refuse recurrent layers of a module that to_torch made.

    Parameters
    ----------
    entries : list of Entry
        Arrays of a file.
    where : str
        Its name.

    Raises
    ------
    CheckpointError
        If there is one, which says where each gate is.
    """
    names = {entry.name for entry in entries}
    layer = next((name[:-len("W_in")] for name in sorted(names) if {
        name[:-len("in")] + "hid", name[:-len("W_in")] + "initial"} <= names
        and name.endswith("W_in")), None)
    if layer is not None:
        raise CheckpointError(
            "%s: has a recurrent layer as to_torch and export have it "
            "(%sW_in), all gates in one array; expected the parameters of "
            "Lasagne, or model.safetensors as export wrote it, which tells "
            "where they are. Set them by hand: columns of W_in, W_hid and b "
            "are ingate, forgetgate, cell, outgate of an LSTM, resetgate, "
            "updategate, hidden_update of a GRU; rows of initial are "
            "hid_init, cell_init, those of peepholes W_cell_to_ingate, "
            "W_cell_to_forgetgate, W_cell_to_outgate." % (where, layer))
