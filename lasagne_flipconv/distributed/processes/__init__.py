"""The processes of a training: messages, who is gone, whose turn it is, files.

Nothing here knows of networks.
"""
