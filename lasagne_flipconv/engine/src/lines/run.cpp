// How a convolution along lines is run: its input, threads and products.
#include "lines/lines.hpp"

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "products/dots.hpp"
#include "products/products.hpp"

namespace flipconv {

namespace {

constexpr long FLOAT = sizeof(float);
constexpr long GROUP = 4 << 20;  // bytes of input of all threads
constexpr long OWN = 256 << 10;  // and of one
constexpr long SHARED = 3 << 20; // bytes of a kernel that all threads read

} // namespace

// --- the input ---------------------------------------------------------------

// Whole images, or parts of one along its first axis; as many as `sharers` can
// share evenly.
std::vector<Lines::Group> Lines::groups_of(long bytes, long sharers) const {
    auto evenly = [&](long parts) {
        return parts_of(parts, sharers) * sharers;
    };
    std::vector<Group> groups;
    const bool deep = depth_.input > 1 || depth_.kernel > 1;
    const long first = deep ? depth_.output : height_.output;
    const long each = (deep ? depth_.stride * height_.input : height_.stride)
            * row_ * FLOAT;
    const long at_once = std::max(1L, bytes / each);
    if (at_once >= first && batch_ >= sharers) {
        const long parts = std::min(
                batch_, evenly(parts_of(batch_, at_once / first)));
        for (long i = 0; i < parts; ++i) {
            const long image = batch_ * i / parts;
            groups.push_back({image, batch_ * (i + 1) / parts - image, 0,
                              depth_.output, 0, height_.output, 1});
        }
        return groups;
    }
    const bool even = batch_ % sharers == 0;
    const long count = parts_of(first, at_once);
    const long parts = std::min(first, even ? count : evenly(count));
    for (long i = 0; i < batch_ * parts; ++i) {
        const long begin = first * (i % parts) / parts;
        const long end = first * (i % parts + 1) / parts;
        if (deep)
            groups.push_back({i / parts, 1, begin, end - begin, 0,
                              height_.output, 1});
        else
            groups.push_back({i / parts, 1, 0, 1, begin, end - begin, 1});
    }
    return groups;
}

long Lines::lines_under(const Group &group) const {
    return group.images * depth_.reach(group.depths)
            * height_.reach(group.heights);
}

// Copy a line of the inputs of a group, zeros around it.
void Lines::fill(const Group &group, const float *x, long line,
                 float *zeroed) const {
    const long lines = height_.reach(group.heights);
    const long slices = depth_.reach(group.depths);
    const long before = width_.before * inputs_, whole = width_.input * inputs_;
    const long image = group.image + line / (slices * lines);
    const long z = group.depth * depth_.stride + line / lines % slices
            - depth_.before;
    const long y = group.height * height_.stride + line % lines
            - height_.before;
    float *to = zeroed + line * row_;
    if (z < 0 || z >= depth_.input || y < 0 || y >= height_.input)
        return std::fill(to, to + row_, 0.f);
    auto *from = x + ((image * depth_.input + z) * height_.input + y) * whole;
    std::fill(to, to + before, 0.f);
    memcpy(to + before, from, whole * FLOAT);
    std::fill(to + before + whole, to + row_, 0.f);
}

Lines::Slab Lines::slab_of(const Group &group, const float *x,
                           const float *zeroed) const {
    if (padded_) {
        long slice = height_.reach(group.heights) * row_;
        return {zeroed, depth_.reach(group.depths) * slice, slice, row_};
    }
    long slice = height_.input * row_, image = depth_.input * slice;
    return {x + group.image * image + group.depth * depth_.stride * slice
                    + group.height * height_.stride * row_,
            image, slice, row_};
}

// --- the products ------------------------------------------------------------

bool Lines::run(const float *x, const fc_array &kernel, bool flip,
                const float *packed, const Epilogue &epilogue, float *y,
                Scratch &scratch) const {
    const OutputVectors outputs(kernel);
    Data data = {x, &outputs, flip, packed, &epilogue, y};
    const long threads = omp_get_max_threads();
    if (!packed && positions_ <= FEW && outputs.in_c_order()) {
        run_by_dots(data, outputs.values(0), scratch);
        return true;
    }
    if (long(bytes()) > SHARED || positions_ < ALIKE * threads)
        return run_by_panels(data, scratch);
    bool finite = true;
    if (!packed) {
        float *memory = scratch.floats(bytes() / FLOAT);
        finite = pack_all(outputs, flip, epilogue.scale, epilogue.scales,
                          memory);
        data.packed = memory;
    }
    run_by_chunks(data, scratch);
    return finite || !epilogue.scale;
}

// What an output is summed up from, in the order of a kernel.
void Lines::gather(const Data &data, long position, float *terms) const {
    const long column = position % width_.output;
    const long line = position / width_.output % height_.output;
    const long slices = position / width_.output / height_.output;
    long place = 0;
    auto at = [](const Axis &axis, long output, long tap) { // -1: outside
        long input = output * axis.stride + tap * axis.dilation - axis.before;
        return input < axis.input ? std::max(input, -1L) : -1;
    };
    for (long z = 0; z < depth_.kernel; ++z)
        for (long y = 0; y < height_.kernel; ++y)
            for (long x = 0; x < width_.kernel; ++x, ++place) {
                const long deep = at(depth_, slices % depth_.output, z);
                const long high = at(height_, line, y);
                const long wide = at(width_, column, x);
                float *to = terms
                        + (data.flip ? places() - 1 - place : place);
                if (std::min(deep, std::min(high, wide)) < 0) {
                    for (long i = 0; i < inputs_; ++i) to[i * places()] = 0;
                    continue;
                }
                const long image = slices / depth_.output * depth_.input;
                const float *from = data.x
                        + (((image + deep) * height_.input + high)
                                   * width_.input + wide) * inputs_;
                for (long i = 0; i < inputs_; ++i) to[i * places()] = from[i];
            }
}

// With few outputs for each value of the kernel, it is read as it lies.
void Lines::run_by_dots(const Data &data, const float *kernel,
                        Scratch &scratch) const {
    const long terms = inputs_ * places();
    float *rows = scratch.floats(positions_ * terms);
    const Dots dots = {rows, positions_, terms, kernel, terms, outputs_,
                       data.epilogue};
#pragma omp parallel
    {
#pragma omp for schedule(static)
        for (long i = 0; i < positions_; ++i)
            gather(data, i, rows + i * terms);
        const Share share = Share::of_this_thread();
        const long vectors = outputs_ / WIDTH;
        dots.run(share.begin(vectors) * WIDTH, share.end(vectors) * WIDTH,
                 data.y);
    }
}

// Outputs next to one another, each with all its channels; where there is a
// padding, each thread has copies of its own, if it is not a single line.
void Lines::run_by_chunks(const Data &data, Scratch &scratch) const {
    const long threads = omp_get_max_threads();
    const Group all = {0, batch_, 0, depth_.output, 0, height_.output,
                       threads};
    const long values = padded_ ? lines_under(all) * row_ : 0;
    std::vector<Group> groups;
    if (padded_)
        groups = groups_of(std::min(OWN, values * FLOAT / threads), threads);
    const bool own = long(groups.size()) >= threads;
    const long each = own ? most_lines(groups) * row_ : 0;
    float *zeroed = scratch.floats(own ? each * threads : values);
#pragma omp parallel num_threads(threads)
    if (own) {
        float *mine = zeroed + each * omp_get_thread_num();
        const Share share = Share::of_this_thread();
        const long end = share.end(groups.size());
        for (long i = share.begin(groups.size()); i < end; ++i) {
            for (long line = 0; line < lines_under(groups[i]); ++line)
                fill(groups[i], data.x, line, mine);
            multiply_chunks(data, groups[i], slab_of(groups[i], data.x, mine),
                            0, chunks_of(groups[i]));
        }
    } else {
        if (padded_) {
#pragma omp for schedule(static)
            for (long line = 0; line < lines_under(all); ++line)
                fill(all, data.x, line, zeroed);
        }
        const Share share = Share::of_this_thread();
        const long chunks = chunks_of(all);
        multiply_chunks(data, all, slab_of(all, data.x, zeroed),
                        share.begin(chunks), share.end(chunks));
    }
}

long Lines::most_lines(const std::vector<Group> &groups) const {
    long most = 0;
    for (auto &group : groups) most = std::max(most, lines_under(group));
    return most;
}

void Lines::multiply_chunks(const Data &data, const Group &group,
                            const Slab &slab, long begin, long end) const {
    for (long i = begin; i < end; ++i) {
        const Chunk chunk(*this, group, slab, i);
        Ahead ahead;
        if (i + 1 < end) fetch_next(data, Chunk(*this, group, slab, i + 1),
                                    ahead);
        for (long panel = 0; panel < panels(); ++panel)
            for (auto &block : blocks_)
                multiply_chunk(data, chunk, panel, block,
                               packed_part(data, panel, block), ahead);
    }
}

// What the next chunk reads and writes.
void Lines::fetch_next(const Data &data, const Chunk &next,
                       Ahead &ahead) const {
    const long place = next.first * outputs_;
    const long bytes = next.count * outputs_ * FLOAT;
    if (!padded_)
        ahead.add(next.values + next.begins[0],
                  (next.begins[next.count - 1] - next.begins[0] + inputs_)
                          * FLOAT);
    ahead.add(data.y + place, bytes);
    if (data.epilogue->residual)
        ahead.add(data.epilogue->residual + place, bytes);
}

// One panel after the other; each thread packs what it needs.
bool Lines::run_by_panels(const Data &data, Scratch &scratch) const {
    const long threads = omp_get_max_threads();
    const auto groups = groups_of(GROUP, 1);
    const long panel = data.packed ? 0 : PANEL * terms_at_once();
    float *memory = scratch.floats(panel * threads);
    float *zeroed = scratch.floats(padded_ ? most_lines(groups) * row_ : 0);
    bool finite = true;
#pragma omp parallel num_threads(threads) reduction(&& : finite)
    for (auto &group : groups) {
        if (padded_) {
#pragma omp for schedule(static)
            for (long line = 0; line < lines_under(group); ++line)
                fill(group, data.x, line, zeroed);
        }
        finite &= multiply_panels(data, group,
                                  slab_of(group, data.x, zeroed),
                                  memory + panel * omp_get_thread_num());
        if (padded_) {
#pragma omp barrier
        }
    }
    return finite || !data.epilogue->scale;
}

// Which chunk, counted over all panels, comes after so many vectors of them.
long Lines::part_at(long vectors, long chunks) const {
    long panel = 0;
    while (panel < panels() && first_vector(panel + 1) * chunks <= vectors)
        ++panel;
    const long width = width_of(panel) / WIDTH;
    return panel * chunks
            + (width ? (vectors - first_vector(panel) * chunks) / width : 0);
}

bool Lines::multiply_panels(const Data &data, const Group &group,
                            const Slab &slab, float *memory) const {
    const long chunks = chunks_of(group);
    const Share share = Share::of_this_thread();
    const long vectors = outputs_ / WIDTH * chunks; // some panels have more
    const long last = part_at(share.end(vectors), chunks);
    bool finite = true;
    for (long at = part_at(share.begin(vectors), chunks), end; at < last;
         at = end) {
        const long panel = at / chunks;
        end = std::min(last, (panel + 1) * chunks);
        for (auto &block : blocks_) {
            Ahead ahead;
            fetch_next(data, panel, block, ahead);
            const float *packed = packed_part(data, panel, block);
            if (!packed) {
                finite &= pack_panel(*data.kernel, data.flip,
                                     data.epilogue->scale,
                                     data.epilogue->scales, panel, block,
                                     memory);
                packed = memory;
            }
            for (long i = at; i < end; ++i)
                multiply_chunk(data, Chunk(*this, group, slab, i % chunks),
                               panel, block, packed, ahead);
        }
    }
    return finite;
}

// What of the kernel is read after a block of a panel.
void Lines::fetch_next(const Data &data, long panel, const Block &block,
                       Ahead &ahead) const {
    const bool last = &block == &blocks_.back();
    const Block &next = last ? blocks_[0] : (&block)[1];
    panel += last;
    if (panel >= panels()) return;
    const long terms = next.channels * places(), width = width_of(panel);
    if (data.packed)
        ahead.add(packed_part(data, panel, next), terms * width * FLOAT);
    else if (data.kernel->in_c_order())
        ahead.add(data.kernel->values(first_vector(panel) * WIDTH)
                          + next.first * places(),
                  terms * FLOAT, width, data.kernel->length() * FLOAT);
}

long Lines::chunks_of(const Group &group) const {
    const long each = Chunk::MOST * group.sharers;
    return parts_of(group.lines() * width_.output, each) * group.sharers;
}

Lines::Chunk::Chunk(const Lines &l, const Group &group, const Slab &slab,
                    long number)
    : values(slab.values) {
    const long outputs = group.lines() * l.width_.output;
    const long chunks = l.chunks_of(group), begin = outputs * number / chunks;
    count = outputs * (number + 1) / chunks - begin;
    first = ((group.image * l.depth_.output + group.depth) * l.height_.output
             + group.height) * l.width_.output + begin;
    const long step = l.width_.stride * l.inputs_;
    long line = begin / l.width_.output, column = begin % l.width_.output;
    for (long i = 0; i < count; ++line, column = 0) {
        long at = line / group.heights / group.depths * slab.image
                + line / group.heights % group.depths * l.depth_.stride
                        * slab.slice
                + line % group.heights * l.height_.stride * slab.line;
        for (; i < count && column < l.width_.output; ++column)
            begins[i++] = at + column * step;
    }
}

const float *Lines::packed_part(const Data &data, long panel,
                                const Block &block) const {
    if (!data.packed) return nullptr;
    return data.packed
            + first_vector(panel) * WIDTH * inputs_ * places()
            + block.first * places() * width_of(panel);
}

void Lines::multiply_chunk(const Data &data, const Chunk &chunk, long panel,
                           const Block &block, const float *packed,
                           Ahead &ahead) const {
    const long column = first_vector(panel) * WIDTH;
    const long place = chunk.first * outputs_ + column;
    Epilogue after = *data.epilogue;
    if (after.bias) after.bias += column;
    if (after.residual) after.residual += place;
    multiply(Rows<float>{chunk.values + block.first, chunk.count,
                         chunk.begins, 0, offsets_.data(),
                         long(offsets_.size()),
                         length_ ? length_ : block.channels},
             packed, width_of(panel), data.y + place, outputs_,
             block.first > 0, &block == &blocks_.back() ? &after : nullptr,
             &ahead);
}

} // namespace flipconv
