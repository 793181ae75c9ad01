#include "onednn/onednn.hpp"

namespace flipconv {

using dnnl::memory;
using Tag = memory::format_tag;

const dnnl::engine &cpu() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

static dnnl::stream &stream() {
    thread_local dnnl::stream of_this_thread(cpu());
    return of_this_thread;
}

Tag channels_last(size_t axes) {
    return axes == 5 ? Tag::ndhwc : axes == 4 ? Tag::nhwc : Tag::nwc;
}

memory::desc activations(const memory::dims &dims, Tag tag) {
    if (tag == Tag::undef) tag = channels_last(dims.size());
    return memory::desc(dims, memory::data_type::f32, tag);
}

void reorder(const memory &from, const memory &to) {
    auto given = from, wanted = to; // handles, which execute() may not change
    dnnl::reorder(given, wanted).execute(stream(), given, wanted);
    stream().wait();
}

Call::Call(const memory::desc &primitive_scratch, Scratch &scratch)
    : scratch_(scratch) {
    argument(DNNL_ARG_SCRATCHPAD, primitive_scratch,
             scratch.take(primitive_scratch.get_size()));
}

void Call::argument(int name, const memory::desc &order, void *values) {
    arguments_.emplace(name, memory(order, cpu(), values));
}

void Call::read(int name, const memory::desc &order, const float *values,
                bool reorder) {
    auto *from = const_cast<float *>(values); // oneDNN does not write inputs
    if (!reorder || order == activations(order.get_dims()))
        return argument(name, order, from);
    memory wanted(order, cpu(), scratch_.take(order.get_size()));
    memory given(activations(order.get_dims()), cpu(), from);
    flipconv::reorder(given, wanted); // not the argument
    arguments_.emplace(name, wanted);
}

void Call::write(int name, const memory::desc &order, float *values) {
    if (order == activations(order.get_dims()))
        return argument(name, order, values);
    memory made(order, cpu(), scratch_.take(order.get_size()));
    memory wanted(activations(order.get_dims()), cpu(), values);
    arguments_.emplace(name, made);
    late_.push_back({made, wanted});
}

void Call::run(const dnnl::primitive &primitive) {
    primitive.execute(stream(), arguments_);
    for (auto &result : late_) reorder(result.from, result.to);
    stream().wait();
}

} // namespace flipconv
