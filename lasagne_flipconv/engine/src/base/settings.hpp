// What the environment asks for.
#pragma once

namespace flipconv {

// Whether a variable of the environment is 0, off, no or false, as
// engine/state.py reads it.
bool switched_off(const char *variable);

} // namespace flipconv
