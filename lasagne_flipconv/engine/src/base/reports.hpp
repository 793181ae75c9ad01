// What a thread tells of its last call: an error, and what it ran on.
#pragma once

#include <functional>
#include <string>

namespace flipconv {

// Throw std::invalid_argument with a text made as by printf.
[[noreturn]] void fail(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

// Call a function; return 1 if it throws, with what fc_error() then gives.
int guarded(const std::function<void()> &function);

// Have fc_implementation() give this.
void set_implementation(const std::string &name);

} // namespace flipconv
