#include "base/settings.hpp"

#include <strings.h>

#include <cstdlib>
#include <initializer_list>
#include <string>

namespace flipconv {

bool switched_off(const char *variable) {
    const char *given = getenv(variable), *spaces = " \t\n\r\f\v";
    std::string value(given ? given : "");
    value.erase(value.find_last_not_of(spaces) + 1); // all, if there is no other
    value.erase(0, value.find_first_not_of(spaces));
    for (const char *off : {"0", "off", "no", "false"})
        if (!strcasecmp(value.c_str(), off)) return true;
    return false;
}

} // namespace flipconv
