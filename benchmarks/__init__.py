"""Measure this library against other ones: ``make bench``; not a test.

A network is described once (`description`, `networks`) and built from that
for each library (`build_lasagne`, `build_torch`, `build_onnx`). Each runs in
a process of its own (`worker`) that runs once when asked; `contest` compares
what they compute and then asks them in turns. `parts` lists what is measured,
`report` and `plot` write it down.
"""
