// Primitives that are made once in a process, and never given back.
//
// Of a convolution with an activation that it computes by "brgconv", oneDNN
// 3.2 loses 24 to 39 kB when it is given back. So there is an end to how many
// are made; those that come later do the activation apart, which takes a few
// per cent of the time. Networks have some hundred, if their inputs come in
// few sizes.
#pragma once

#include "base/state.hpp"
#include "onednn/onednn.hpp"

namespace flipconv {

// Return the primitive of a key, made by `make` if it is the first time; an
// empty one where there are too many.
dnnl::primitive kept_primitive(const State::Key &key,
                               const std::function<dnnl::primitive()> &make);

} // namespace flipconv
