// What a node keeps from call to call.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace flipconv {

// What a node made for the shapes that it saw last, and, under the empty key,
// for all. A batch size that changes from call to call does not pile up more
// than CAPACITY.
class State {
public:
    using Key = std::vector<long>;
    template <class T>
    std::shared_ptr<T> get(const Key &key,
                           const std::function<std::shared_ptr<T>()> &make) {
        std::lock_guard<std::mutex> lock(mutex_);
        for (auto it = entries_.begin(); it != entries_.end(); ++it)
            if (it->first == key) {
                entries_.splice(entries_.begin(), entries_, it);
                return std::static_pointer_cast<T>(it->second);
            }
        auto made = make();
        entries_.emplace_front(key, made);
        if (entries_.size() > CAPACITY) entries_.pop_back();
        return made;
    }

private:
    static constexpr size_t CAPACITY = 8;
    std::mutex mutex_;
    std::list<std::pair<Key, std::shared_ptr<void>>> entries_;
};

} // namespace flipconv
