"""The way out: a network as ONNX, as a torch module, as source code.

A network becomes a plan, a list of parts, by a table with one row for each
exact layer class (`rows`), and by the Theano graph of what has no row
(`graphs`). Adapters that know nothing of Lasagne write a plan (`onnx`,
`pytorch`). Every export is compared with the network before it is there.
"""
