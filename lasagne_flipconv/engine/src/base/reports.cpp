#include "base/reports.hpp"

#include <cstdarg>
#include <cstdio>
#include <stdexcept>

#include "engine.h"

namespace flipconv {

namespace {

thread_local std::string last_error;
thread_local std::string last_implementation;

} // namespace

void fail(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    throw std::invalid_argument(text);
}

int guarded(const std::function<void()> &function) {
    try {
        function();
        return 0;
    } catch (const std::exception &error) {
        last_error = error.what();
    } catch (...) {
        last_error = "unknown error in the engine's library.";
    }
    return 1;
}

void set_implementation(const std::string &name) {
    last_implementation = name;
}

} // namespace flipconv

const char *fc_error(void) { return flipconv::last_error.c_str(); }

const char *fc_implementation(void) {
    return flipconv::last_implementation.c_str();
}
