// What the processor can do.
#pragma once

namespace flipconv {

// Whether the processor multiplies bfloat16, and oneDNN is let use it.
bool has_bfloat16();

} // namespace flipconv
