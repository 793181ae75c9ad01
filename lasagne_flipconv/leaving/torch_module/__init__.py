"""A plan as source code for PyTorch, and as the module that it builds."""
