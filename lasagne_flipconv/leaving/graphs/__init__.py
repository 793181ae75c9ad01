"""What no row says: the small Theano graph that a layer builds."""
