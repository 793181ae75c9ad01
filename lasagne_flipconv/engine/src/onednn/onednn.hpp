// What every user of oneDNN here shares.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/memory.hpp"


namespace flipconv {

const dnnl::engine &cpu();

dnnl::memory::format_tag channels_last(size_t axes);

// Describe float32 values; oneDNN always counts axes with channels second.
// Without a tag: channels last.
dnnl::memory::desc activations(const dnnl::memory::dims &dims,
                               dnnl::memory::format_tag tag
                               = dnnl::memory::format_tag::undef);

void reorder(const dnnl::memory &from, const dnnl::memory &to);

// The reference implementations are up to a hundred times slower than all
// others, and oneDNN falls back to them without a word.
template <class Description>
bool is_reference(const Description &description) {
    std::string name = description.impl_info_str();
    return name.compare(0, 3, "ref") == 0;
}

// One execution of a primitive. Values in another order than the primitive
// wants are reordered on the way in and out.
class Call {
public:
    Call(const dnnl::memory::desc &primitive_scratch, Scratch &scratch);
    void argument(int name, const dnnl::memory::desc &order, void *values);
    // channels last unless `reorder` is false
    void read(int name, const dnnl::memory::desc &order, const float *values,
              bool reorder = true);
    void write(int name, const dnnl::memory::desc &order, float *values);
    void run(const dnnl::primitive &primitive);

private:
    Scratch &scratch_;
    std::unordered_map<int, dnnl::memory> arguments_;
    struct Late { // a result to be reordered
        dnnl::memory from, to;
    };
    std::vector<Late> late_;
};

} // namespace flipconv
