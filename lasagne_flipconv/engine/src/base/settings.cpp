#include "base/settings.hpp"

#include <strings.h>

#include <cstdlib>
#include <initializer_list>

namespace flipconv {

bool switched_off(const char *variable) {
    const char *value = getenv(variable);
    if (!value) return false;
    for (const char *off : {"0", "off", "no", "false"})
        if (!strcasecmp(value, off)) return true;
    return false;
}

} // namespace flipconv
