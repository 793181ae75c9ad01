"""Run ONNX models with ONNX Runtime and OpenVINO; see `build_lasagne`.

Both are told the batch size when they load a model: they are faster then.
"""


def _onnxruntime(path, shape, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_free_dimension_override_by_name("batch", shape[0])
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"input": x})[0]


def _openvino(path, shape, threads, precision="f32"):
    import openvino
    core = openvino.Core()
    model = core.read_model(path)
    model.reshape(list(shape))
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision})
    request = compiled.create_infer_request()
    return lambda x: request.infer([x], share_inputs=True)[0]


RUNTIMES = {"onnxruntime": _onnxruntime, "openvino": _openvino}


def predictor(path, shape, threads, runtime, **options):
    """Return a function from a batch to the scores."""
    return RUNTIMES[runtime](path, shape, threads, **options)
