"""Proof that the tests can fail: each wrong edit of the source is noticed.

A copy of the package is edited in one place, and the tests that should notice
are run against the copy.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import files
import lasagne_flipconv
import pytest

PACKAGE = Path(lasagne_flipconv.__file__).parent
TESTS = Path(__file__).parent

#: What is wrong: file, text, replacement, tests that notice it.
MUTANTS = {
    "link extensions with a Python that is no shared library": (
        "compat/theano_cache.py", "if has_shared_library():", "if True:",
        "test_environment.py::"
        "test_python_that_is_no_shared_library_is_not_linked"),
    "share what is compiled with a free-threaded Python": (
        "compat/theano_cache.py", 'tags.append("free_threaded")', "pass",
        "test_environment.py::"
        "test_free_threaded_python_has_a_compile_cache_of_its_own"),
    "take headers that were precompiled of another NumPy": (
        "compat/edits/precompiled.py", "in states(folders)]", "in []]",
        "test_theano_cache.py::test_other_headers_have_another_name"),
    "give another compiler what GCC precompiled": (
        "compat/edits/precompiled.py",
        'return "Free Software Foundation" in version(compiler)',
        "return True", "test_theano_cache.py::"
        "test_what_does_not_fit_gets_none"),
    "let clang refuse numbers that get narrower": (
        "compat/edits/clang.py", "[FLAG] if is_clang(", "[] if is_clang(",
        "test_clang.py"),
    "rewrite a sum whose divisor loses axes": (
        "compat/edits/theano_views.py", "not drops_axes(node) and", "",
        "test_environment.py::"
        "test_a_sum_of_quotients_whose_divisor_loses_axes"),
    "do not translate what a tool runs": (
        "scripts/python2/tools.py",
        "os.path.isfile(path) and belongs_to_program(path))", "False)",
        "test_run_tools.py::"
        "test_what_tools_run_is_translated"),
    "give texts to what reads bytes": (
        "scripts/python2/files.py",
        'module.startswith(tuple(name + "." for name in READERS)) or (\n'
        "        module in READERS)", "False",
        "test_python2_files.py::test_by_the_module_that_asks"),
    "put some files in place without the others": (
        "formats/common/writing.py", "            _put(moves)\n    for",
        "            pass\n    for", "test_save.py::"
        "test_files_that_belong_together_change_together"),
    "use a name that an edited module lacks": (
        "compat/edits/numpy2_names.py", "tensor.basic.np.lib", "np.lib",
        "test_edits.py::test_each_edit_uses_names_that_its_module_has"),
    "give zero a sign before a rectifier": (
        "engine/src/ops/norm.cpp",
        "std::fabs(t) > 0 ? std::copysign(1.f, t) : t",
        "std::copysign(1.f, t)", "test_engine_norm.py"),
    "freeze a kernel that is given": (
        "engine/graph/freeze.py",
        "isinstance(leaf, (SharedVariable, Constant))", "True",
        "test_engine_frozen.py"),
    "freeze a kernel that the function changes": (
        "engine/graph/rewrites.py", "and not is_updating(fgraph)", "",
        "test_engine_frozen.py"),
    "drop a flip": (
        "kernels.py", "reverse = target.spatial", "reverse = ()",
        "test_kernels.py"),
    "flip the axes of the source": (
        "kernels.py", "reverse = target.spatial", "reverse = source.spatial",
        "test_kernels.py"),
    "flip the channels": (
        "axes.py", 'if a in "DHW")', 'if a in "OI")',
        "test_kernels.py"),
    "flip output positions too": (
        "axes.py", 'if a in "DHW")', 'if a in "DHWhw")',
        "test_kernels.py"),
    "invert the permutation": (
        "kernels.py", "source.axes.index(a) for a in target.axes",
        "target.axes.index(a) for a in source.axes", "test_kernels.py"),
    "forget the permutation": (
        "kernels.py", "if plan.permutation:", "if False:",
        "test_kernels.py"),
    "ask nobody for the orientation": (
        "kernels.py", "if None in (source.orientation, target.orientation):",
        "if False:", "test_kernels.py"),
    "invert the transposed flag": (
        "layers/transposed.py", "flip=not geometry.flip", "flip=geometry.flip",
        "test_layers.py::test_transposed"),
    "invert the transposed convention": (
        "conventions.py", "flip = not flip", "flip = flip",
        "test_conventions.py"),
    "swap the channels of a dilated layer": (
        "layers/dilated.py", "kernel = self.W.dimshuffle(1, 0, 2, 3)",
        "kernel = self.W.dimshuffle(0, 1, 2, 3)",
        "test_layers.py::test_dilated"),
    "swap before and after in padding": (
        "layers/abstract.py", "p[0] if p[0] == p[1] else p for",
        "p[0] if p[0] == p[1] else p[::-1] for",
        "test_layers.py::test_forward"),
    "ignore the groups": (
        "layers/abstract.py", "num_groups=geometry.num_groups", "num_groups=1",
        "test_layers.py::test_forward"),
    "look classes up by isinstance": (
        "conventions.py", "if changed:", "if False:", "test_conventions.py"),
    "believe a flag that nothing reads": (
        "conventions.py", 'hasattr(type(layer), "convolve") or not row.flip',
        "True", "test_conventions.py"),
    "set what fits before refusing": (
        "weights/transfer.py",
        "plans = [_plan(*pair) for pair in zip(sources, targets)]",
        "plans = []\n        for pair in zip(sources, targets):\n"
        "            plans.append(_plan(*pair))\n"
        "            set_all(plans[-1:])", "test_transfer.py"),
    "turn a shared kernel for one holder only": (
        "weights/applying.py", "_check_shared(first[param], plan.slot, value)",
        "pass", "test_transfer.py"),
    "order ten before two": (
        "formats/common/numbering.py", "key=lambda row: row[0]",
        "key=lambda row: str(row[0])",
        "test_matching.py::test_more_than_ten_values_keep_their_order"),
    "order before names": (
        "weights/matching.py",
        "if options.names or _both_named(targets, sources, ordered):",
        "if options.names:", "test_matching.py::test_names_go_before_order"),
    "believe the user against the file": (
        "weights/telling.py", "if (told.orientation not in (None, "
        "recorded.orientation)", "if (False", "test_load.py::test_a_record_in_"
        "the_file_is_believed_and_not_overruled"),
    "turn a kernel of a load for one holder only": (
        "weights/applying.py", "_check_shared(first[param], plan.slot, value)",
        "pass", "test_load.py::test_a_shared_variable_cannot_be_both"),
    "leave half a load after a failure": (
        "weights/applying.py", "for param, value in old.items():",
        "for param, value in ():",
        "test_load.py::test_all_or_nothing_even_in_the_middle"),
    "leave flattened rows as they are": (
        "weights/applying.py", "value = value[plan.rows]", "pass",
        "test_load_keras.py::test_the_order_does_without_names"),
    "add no epsilon to a variance": (
        "weights/applying.py", "np.asarray(entry.epsilon, value.dtype)", "0",
        "test_load_keras.py::test_the_order_does_without_names"),
    "forget to turn while writing": (
        "weights/converting.py",
        "return np.flip(array, plan.reverse) if plan.reverse "
        "else array", "return array", "test_cli_files.py::test_convert_turns_"
        "and_tells"),
    "write over the old file": (
        "formats/common/writing.py", "os.replace(name, path",
        "print(name, path",
        "test_save.py::test_the_usual_snippet_loads_what_we_save"),
    "leave everything set after a failure": (
        "weights/applying.py", "for param, value in old.items():",
        "for param, value in ():", "test_transfer.py"),
    "skip the limit of the file": (
        "weights/reading.py", "0 < kind.st_size <= limits.file",
        "0 < kind.st_size", "test_limits.py"),
    "skip the limit of the header": (
        "formats/archives/zipped.py", "end - start > limits.header", "False",
        "test_limits.py"),
    "skip the limit of members": (
        "formats/archives/zipped.py", "count > limits.members", "False",
        "test_limits.py"),
    "skip the limit of names": (
        "formats/archives/zipped.py", "len(name) > limits.name", "False",
        "test_limits.py"),
    "skip the limit of axes": (
        "formats/common/arrays.py", "len(shape) > limits.axes", "False",
        "test_limits.py"),
    "skip the limit of opcodes": (
        "formats/pickles/opcodes.py", "count >= ceiling", "False",
        "test_limits.py"),
    "skip the limit of depth": (
        "formats/pickles/structure.py", "depth > self.limits.depth or", "",
        "test_limits.py"),
    "skip the limit of unpacked bytes": (
        "formats/archives/zipped.py", "total > limits.unpacked(size)", "False",
        "test_limits.py"),
    "forget the floor of unpacked bytes": (
        "limits.py", "max(self.floor, self.expansion * stored)",
        "self.expansion * stored", "test_limits.py::test_limit_holds"),
    "forget the expansion of unpacked bytes": (
        "limits.py", "max(self.floor, self.expansion * stored)",
        "self.floor", "test_limits.py::test_unpacked_is_the_larger_of_floor"
        "_and_multiple"),
    "skip the limit of bytes that repeat": (
        "formats/pickles/unpickle.py", "self.made > ceiling", "False",
        "test_limits.py::test_check_is_made"),
    "look no name up in the list of those allowed": (
        "formats/pickles/unpickle.py", "symbol not in machine.calls", "False",
        "test_limits.py::test_check_is_made"),
    "let a storage be named in any pickle": (
        "formats/pickles/opcodes.py",
        "not (persistent and code == _BINPERSID)",
        "code != _BINPERSID", "test_limits.py::test_check_is_made"),
    "believe the size of an array": (
        "formats/common/arrays.py", "declared != size", "False",
        "test_limits.py::test_check_is_made"),
    "believe the size of a tensor": (
        "formats/parts/torch_tensors.py", "end > storage.size", "False",
        "test_limits.py::test_check_is_made"),
    "believe the local header of a member": (
        "formats/archives/zipped.py", "if told != (member.name,",
        "if () and told != (member.name,",
        "test_limits.py::test_check_is_made"),
    "let blocks of HDF5 share bytes": (
        "formats/hdf5_file/blocks.py", "if at < end:", "if False:",
        "test_limits.py::test_check_is_made"),
    "leave with kernels the wrong way round": (
        "leaving/rows/convolutional.py",
        "target = Convention(channels + SPATIAL[len(source.spatial)], "
        "CORRELATION)", "target = source", "test_leaving_rows.py::test_row["
        "Conv2DLayer all True]"),
    "take a deviation for a variance": (
        "leaving/rows/normalizing.py",
        'total = 1 / np.square(inv_std.astype("float64"))',
        'total = inv_std.astype("float64")',
        "test_leaving_rows.py::test_row[batch_norm]"),
    "forget that ONNX divides alpha": (
        "leaving/rows/normalizing.py",
        '_number(layer, "alpha", scope) * layer.n',
        '_number(layer, "alpha", scope)',
        "test_leaving_rows.py::test_row[lrn]"),
    "drop what is left over at the border": (
        "leaving/rows/pooling.py", "rest = tuple(_rest(*axis) for axis in "
        "axes)", "pass", "test_leaving_pools.py"),
    "pad the axes in the wrong order": (
        "leaving/torch_module/text.py", "for pair in reversed(pairs)",
        "for pair in pairs", "test_leaving_rows.py::test_row[pad]"),
    "write what differs": (
        "leaving/checking.py", "if not difference <= allowed:", "if False:",
        "test_leaving_errors.py::test_an_export_that_differs_is_not_written"),
    "leave a sigmoid to be judged by its size": (
        "leaving/checking.py", "if part.kind in _SIGMOIDS:", "if False:",
        "test_leaving_errors.py::"
        "test_an_export_that_differs_for_other_inputs_only"),
    "judge words by sigmoids of long before": (
        "leaving/checking.py",
        "if not part.arrays and part.kind not in _AMONG_THEMSELVES:",
        "if True:", "test_leaving_errors.py::test_words_of_which_each_is_"
        "unlikely_are_not_told_to_stay_the_same"),
    "record no axes of matrices": (
        "weights/networks/entries.py", 'reading = "dense", "IO"', "pass",
        "test_save.py::test_a_matrix_is_not_transposed_again"),
    "let another order of axes be said": (
        "weights/orientation/words.py", "said not in (None, entry.convention)",
        "False", "test_save.py::test_a_matrix_is_not_transposed_again"),
    "judge differences beside what is infinite": (
        "leaving/checking.py", "return sizes[np.isfinite(sizes)]",
        "return sizes.ravel()", "test_leaving_errors.py::"
        "test_beside_what_is_not_finite_all_else_is_compared"),
    "have what is chosen at the first axis with indices": (
        "leaving/graphs/choosing.py",
        "if chosen[-1] - chosen[0] < len(chosen) else 0", "",
        "test_leaving_rows.py::"
        "test_row[expression chosen behind the samples]"),
    "take not-a-number for agreement": (
        "leaving/checking.py", "if not difference <= allowed:",
        "if difference > allowed:", "test_leaving_errors.py::"
        "test_not_a_number_is_no_agreement"),
    "leave a recorded kernel as it is": (
        "formats/parts/views.py", "if self.reverse else array",
        "if False else array", "test_leaving_rows.py::test_row["
        "Conv2DLayer all True]"),
    "believe the columns of a record": (
        "formats/parts/views.py", "0 <= span[0] <= span[1] <= size",
        "True",
        "test_leaving_errors.py::test_damaged_records_are_refused"),
    "believe that a piece of HDF5 unpacks to its size": (
        "formats/hdf5_file/filters.py", "len(made) != size", "False",
        "test_limits.py"),
    "divide integers as today": (
        "scripts/python2/library/division.py",
        "return _divided(operator.floordiv, operator.truediv, a, b)",
        "return _divided(operator.truediv, operator.truediv, a, b)",
        "test_python2.py"),
    "divide what is in a list as today": (
        "scripts/python2/tree.py",
        'divide = called("divide_item", target.value',
        'divide = called("divide_attribute", target.value',
        "test_python2.py"),
    "look a divided item up after the divisor": (
        "scripts/python2/library/division.py",
        "return lambda by: setattr(thing, name, divide_in_place(before, by))",
        "return lambda by: setattr(thing, name, divide_in_place("
        "getattr(thing, name), by))", "test_python2.py"),
    "take what is installed for a program": (
        "scripts/whose.py",
        "return not path.startswith(installed_folders()) and not (",
        "return not (",
        "test_run_python2.py::test_what_belongs_to_a_program"),
    "take Python 3 for Python 2": (
        "scripts/python2/translating.py",
        'mode == "exec" and only_python3(tree, source)', "False",
        "test_run_python2.py::test_which_python"),
    "forget where lines were": (
        "scripts/python2/translating.py", "        _put_back(node, lines)",
        "        pass",
        "test_python2.py::test_code_has_the_lines_of_the_file"),
    "let ranks keep their own gradients": (
        "distributed/processes/ranks.py", "            self.sum_up(flat)",
        "            pass", "test_distributed_training.py::"
        "test_losses_values_and_outputs_are_those_of_one_process"),
    "let ranks begin with their own values": (
        "distributed/sharing.py",
        "container.storage[0] = ranks.first_has(container.storage[0])",
        "pass", "test_distributed_training.py::"
        "test_all_begin_with_the_values_of_rank_0"),
    "let ranks keep their own running statistics": (
        "distributed/functions.py", "entry.set(marked)", "pass",
        "test_distributed_training.py::test_running_statistics_are_averaged"),
    "let ranks draw the same numbers": (
        "distributed/randomness.py", "[zlib.crc32(said), rank, function]",
        "[zlib.crc32(said), 0, function]",
        "test_distributed_training.py::test_each_rank_draws_its_own_numbers"),
    "let functions of ranks draw the same numbers": (
        "distributed/randomness.py", "[zlib.crc32(said), rank, function]",
        "[zlib.crc32(said), rank, 0]",
        "test_distributed_training.py::test_each_rank_draws_its_own_numbers"),
    "believe that ranks have the same batch": (
        "distributed/processes/ranks.py",
        "if int(pair[0]) == -int(pair[1]):", "if True:",
        "test_distributed_refused.py::test_reason"),
    "let PyTorch free messages of ranks": (
        "distributed/processes/ranks.py", "self._sent.append(work)", "pass",
        "test_distributed_messages.py"),
    "believe that ranks compute what one does": (
        "distributed/checking.py", "if not near(a, b, scale)]", "if False]",
        "test_distributed_refused.py::test_reason"),
    "let all ranks write": (
        "distributed/processes/files.py", 'if set(mode) & set("wax+"):',
        "if False:", "test_distributed_processes.py::"
        "test_writing_is_seen_by_this_rank_alone"),
    "hear of no rank that dies": (
        "distributed/processes/lifeline.py",
        'self._note(data[0], how, "")', "pass",
        "test_distributed_processes.py::"
        "test_who_has_died_is_heard_of_by_all"),
    "read pickles as text of today": (
        "scripts/python2/library/pickles.py", '_ENCODING = "latin1"',
        '_ENCODING = "ascii"', "test_python2.py::test_a_pickle_of_python_2"),
    "leave an old value beside that on the device": (
        "pytorch/cells.py", "super().__setitem__(0, None)\n"
        "                self.tensor = there", "self.tensor = there",
        "test_pytorch_values.py::test_code_that_knows_nothing_of_devices_"
        "finds_no_value"),
    "leave an old value beside one that another thread sets": (
        "pytorch/cells.py", "super().__setitem__(0, None)\n"
        "            self.tensor = tensor", "self.tensor = tensor",
        "test_pytorch_values.py::test_another_thread_trains_while_a_value_is_"
        "moved"),
    "keep on the device what may be written into": (
        "pytorch/cells.py", "if not newer:\n"
        "                self.tensor = None", "",
        "test_pytorch_card.py::test_a_borrowed_value_can_be_written_into"),
    "keep on the device what is set": (
        "pytorch/cells.py", "super().__setitem__(index, value)\n"
        "            self.tensor = None", "super().__setitem__(index, value)",
        "test_pytorch_values.py::test_a_value_that_is_set"),
    "copy from the device what is nobody else's": (
        "pytorch/cells.py", "return download(tensor.clone())",
        "return download(tensor)",
        "test_pytorch_values.py::test_a_copy_is_nobody_else_s"),
    "bring a value to another device once": (
        "pytorch/cells.py",
        "if tensor is not None and tensor.device == device:",
        "if tensor is not None:",
        "test_pytorch_card.py::test_one_value_on_two_devices"),
    "forget to bring a value from the device to Theano": (
        "pytorch/switch.py", "plain[0] = cell.on_host()", "plain[0] = "
        "list.__getitem__(cell, 0)", "test_pytorch_card.py::"
        "test_values_are_brought_when_they_are_wanted"),
    "forget to bring to the device what Theano wrote": (
        "pytorch/switch.py", "cell[0] = plain[0]", "pass",
        "test_pytorch_card.py::test_values_are_brought_when_they_are_wanted"),
    "let Theano keep an old value of the device": (
        "pytorch/switch.py", "                plain[0] = None",
        "                pass",
        "test_pytorch_values.py::test_no_copy_stays_with_theano"),
    "give out a result that is a variable on the device": (
        "pytorch/linker.py", "_copy(value) if copied else value", "value",
        "test_pytorch_values.py::test_a_result_is_not_the_memory_of_a_variable"
    ),
    "keep results for who looks for them on the device": (
        "pytorch/linker.py", "            storage[0] = value",
        "            pass",
        "test_pytorch_values.py::test_streams_that_are_made_in_the_mode"),
    "let the device share what is passed": (
        "pytorch/devices.py", "copied = not plain or not share",
        "copied = not plain",
        "test_pytorch_values.py::test_an_array_that_was_lent"),
    "count nothing to the device": (
        "pytorch/devices.py", "TOTAL.up += array.nbytes", "pass",
        "test_pytorch_card.py::test_what_is_counted_is_what_is_moved"),
    "update what is on the device before all is computed": (
        "pytorch/linker.py", "outputs = self.program(values)\n",
        "outputs = self.program(values) if not self.updates else [\n"
        "            s.put(s.on_device(self.device) + 1) for s in self.inputs"
        "\n            if isinstance(s, Cell)] and self.program(values)\n",
        "test_pytorch_values.py::test_an_error_leaves_nothing_half_done"),
    "write a loop's value where the last one is, on the device": (
        "pytorch/loops.py", "(at + 1) % len(slots)", "at",
        "test_pytorch_loops.py::test_loops_with_gradients"),
    "read the wrong step of a loop on the device": (
        "pytorch/loops.py", "slots[(at + tap) % len(slots)]",
        "slots[(at + max(taps)) % len(slots)]",
        "test_pytorch_loops.py::test_loops_with_gradients"),
    "believe what a compiler makes for the device": (
        "pytorch/compiled.py", "if not all(map(_agree, found, "
        "plain(*tensors),", "if False and not all(map(_agree, found, "
        "plain(*tensors),",
        "test_pytorch_compiled.py::test_what_differs_is_not_taken"),
    "forget how an operand lies on the device": (
        "pytorch/compiled.py",
        "return value.shape, value.strides, value.flags.writeable",
        "return value.shape, value.flags.writeable",
        "test_pytorch_compiled.py::test_other_strides_are_other_shapes"),
    "give away what is compiled for the device": (
        "pytorch/compiled.py", "if value.is_cuda or value.untyped_storage()"
        ".data_ptr() in taken:", "if False:",
        "test_pytorch_compiled.py::test_results_are_nobody_else_s"),
    "count shapes that come now and then on the device": (
        "pytorch/compiled.py", "self._times + 1 if key == self._last else 1",
        "self._times + 1", "test_pytorch_compiled.py::"
        "test_an_odd_batch_is_not_compiled"),
}


#: Tests that compare with both; `make test-torch` has them.
IN_BOTH = ("test_leaving_rows", "test_leaving_pools",
           "test_leaving_errors.py::"
           "test_an_export_that_differs_for_other_inputs_only")
BOTH = files.has("onnxruntime") and files.has("torch")
#: Tests for which ranks are started.
IN_RANKS = ("test_distributed_training", "test_distributed_refused",
            "test_distributed_messages")
HERE = [name for name, row in MUTANTS.items()
        if (BOTH or not row[-1].startswith(IN_BOTH)) and (
            files.has("torch") or not row[-1].startswith(IN_RANKS)
            and not row[0].startswith("pytorch/"))]


@pytest.mark.parametrize("name", HERE)
def test_mutant_is_killed(name, tmp_path):
    file, right, wrong, tests = MUTANTS[name]
    copy = tmp_path / "lasagne_flipconv"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns(
        "__pycache__", "data"))
    source = (copy / file).read_text(encoding="utf-8")
    assert source.count(right) == 1, "the source has changed: mend the mutant"
    (copy / file).write_text(source.replace(right, wrong), encoding="utf-8")
    environment = dict(os.environ, PYTHONPATH=str(tmp_path), TEST_PARTS="")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider",
         str(TESTS / tests)], cwd=str(tmp_path), env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True)
    assert run.returncode == 1, run.stdout[-2000:]
    assert "failed" in run.stdout and "error" not in run.stdout.lower().split(
        "short test summary")[-1].split("\n")[0], run.stdout[-2000:]
