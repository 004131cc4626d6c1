"""The engines that are compared. Each is made for one model and one batch, runs one forward pass, and returns its output.

All run in float32 on the same number of threads.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch


class PyTorch:
    def __init__(self, module, inputs, threads):
        torch.set_num_threads(threads)
        self.module, self.inputs = module, inputs

    def __call__(self):
        with torch.inference_mode():
            return self.module(*self.inputs).numpy()


def export(module, inputs, path):
    """Writes ONNX for these very shapes."""
    names = ["x", "timesteps", "labels"][: len(inputs)]
    torch.onnx.export(module, inputs, path, input_names=names, output_names=["y"], dynamo=False)
    return names


class ONNXRuntime:
    def __init__(self, path, names, inputs, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = {name: value.numpy() for name, value in zip(names, inputs)}

    def __call__(self):
        return self.session.run(None, self.inputs)[0]


class OpenVINO:
    def __init__(self, path, names, inputs, threads):
        import openvino

        settings = {
            "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY",
        }
        self.request = openvino.Core().compile_model(path, "CPU", settings).create_infer_request()
        self.inputs = {name: value.numpy() for name, value in zip(names, inputs)}

    def __call__(self):
        return next(iter(self.request.infer(self.inputs).values())).copy()


class NCNN:
    """For single layers and batch 1: ncnn has no batches."""

    def __init__(self, module, inputs, threads):
        import ncnn

        folder = tempfile.mkdtemp()
        torch.jit.trace(module, inputs).save(f"{folder}/model.pt")
        shape = ",".join(map(str, inputs[0].shape))
        pnnx = os.path.join(os.path.dirname(sys.executable), "pnnx")
        subprocess.run([pnnx, "model.pt", f"inputshape=[{shape}]f32", "fp16=0"], cwd=folder, check=True, capture_output=True)
        self.ncnn = ncnn
        self.net = ncnn.Net()
        self.net.opt.num_threads = threads
        for name in dir(self.net.opt):
            if name.startswith(("use_fp16", "use_bf16", "use_int8")):
                setattr(self.net.opt, name, False)
        self.net.load_param(f"{folder}/model.ncnn.param")
        self.net.load_model(f"{folder}/model.ncnn.bin")
        self.x = inputs[0][0].numpy()

    def __call__(self):
        extractor = self.net.create_extractor()
        extractor.input("in0", self.ncnn.Mat(self.x))
        return np.array(extractor.extract("out0")[1])[None]


class Sample:
    """This project's, as a process: it times its own passes, as the others are timed without their start."""

    def __init__(self, binary, checkpoint, flags, inputs, threads, kernels=None):
        self.folder = tempfile.mkdtemp()
        np.save(f"{self.folder}/x.npy", inputs[0].numpy())
        self.command = [
            binary, "bench", "--model", checkpoint, *flags, "--noise", f"{self.folder}/x.npy", "--overwrite", "--out",
            f"{self.folder}/y.npy", "--threads", str(threads), "--json",
        ]
        self.environment = dict(os.environ, **({"SAMPLE_KERNELS": kernels} if kernels else {}))

    def run(self, passes):
        """Milliseconds of each pass (the median, `passes` times), and the peak memory in bytes."""
        text = subprocess.run(
            [*self.command, "--passes", str(passes)], env=self.environment, check=True, capture_output=True
        ).stdout
        figures = json.loads(text)["batches"][0]
        return figures["ms_median"], figures["peak_memory_bytes"]

    def output(self):
        return np.load(f"{self.folder}/y.npy")


class SampleLayers:
    """Convolutions one behind the other on this project's tensor core alone: the program in the folder layer."""

    def __init__(self, binary, chain, x, threads, kernels=None):
        self.folder = tempfile.mkdtemp()
        x.numpy().tofile(f"{self.folder}/x")
        for i, layer in enumerate(chain):
            layer.weight.detach().numpy().tofile(f"{self.folder}/w{i}")
            layer.bias.detach().numpy().tofile(f"{self.folder}/b{i}")
        self.shape = x.shape
        self.command = [binary, str(x.shape[1]), str(x.shape[2]), str(len(chain)), str(threads)]
        self.environment = dict(os.environ, **({"SAMPLE_KERNELS": kernels} if kernels else {}))

    def run(self, passes):
        """Milliseconds of a pass (the median of `passes`)."""
        command = [*self.command, str(passes), self.folder]
        return float(subprocess.run(command, env=self.environment, check=True, capture_output=True).stdout)

    def output(self):
        return np.fromfile(f"{self.folder}/y", np.float32).reshape(self.shape)
