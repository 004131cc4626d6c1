"""Makes scoring.safetensors: features, and what NumPy and SciPy compute of them in double precision.

    python3 -m venv venv && venv/bin/pip install numpy scipy safetensors
    venv/bin/python Tests/Fixtures/scoring.py Tests/Fixtures/scoring.safetensors

`a`, `b`: features like those behind a ReLU, more pictures than features. `few.a`, `few.b`: fewer; the first of them does not change
and the second is zero in `few.a`. For each pair `.mean`, `.covariance`, `roots` (of the eigenvalues of the product of the covariances,
smallest first) and `frechet`. Of singular covariances the roots are taken from the features themselves: they are the singular values
of X.Y^T, X and Y being the deviations, which are exact where `sqrtm` is not.

`kid`, `precision`, `recall`, `nearest`, `distance` by their definitions, without blocks. `logits` and `inception`, in splits of 7.

`lattice`: the same of features that tests make themselves, `lattice()`. They are small multiples of 1/8, so that distances are exact
and many are equal, and there are more of them than fit into a block.
"""

import sys

import numpy as np
from safetensors.numpy import save_file
from scipy import linalg
from scipy.spatial.distance import cdist

out = {}
random = np.random.default_rng(20)


def relu(count, width, shift):
    mixing = np.random.default_rng(4).standard_normal((width, width)) / np.sqrt(width)
    return np.maximum(random.standard_normal((count, width)) @ mixing + shift, 0).astype(np.float32)


def lattice(count, width, seed):
    i, j = np.mgrid[:count, :width]
    return ((i * i * 31 + j * j * 17 + i * j * 7 + (i * 13 + seed) % 37 * (j + seed)) % 101).astype(np.float32) / 8


def covariance(x):
    return np.cov(x.astype(np.float64), rowvar=False)


def frechet(x, y, roots):
    difference = x.astype(np.float64).mean(0) - y.astype(np.float64).mean(0)
    return difference @ difference + np.trace(covariance(x)) + np.trace(covariance(y)) - 2 * roots.sum()


def roots(x, y):
    """Of the eigenvalues of the product of two regular covariances; the trace of SciPy's root must be their sum."""
    product = covariance(x) @ covariance(y)
    values = np.sort(np.sqrt(linalg.eigvals(product).real))
    assert abs(np.trace(linalg.sqrtm(product)).real - values.sum()) < 1e-9 * values.sum()
    return values


def singular_roots(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    x, y = (x - x.mean(0)) / np.sqrt(len(x) - 1), (y - y.mean(0)) / np.sqrt(len(y) - 1)
    return np.sort(linalg.svdvals(x @ y.T))


def kid(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    xx, yy, xy = [(a @ b.T / x.shape[1] + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    m, n = len(x), len(y)
    return (xx.sum() - np.trace(xx)) / (m * (m - 1)) + (yy.sum() - np.trace(yy)) / (n * (n - 1)) - 2 * xy.mean()


def distances(x, y):
    return cdist(x.astype(np.float64), y.astype(np.float64), "sqeuclidean")


def precision_and_recall(samples, references, k=3):
    # A picture itself is the one at index 0.
    radii = [np.sort(distances(x, x), axis=1)[:, k] for x in (samples, references)]
    between = distances(samples, references)
    return (between <= radii[1][None]).any(1).mean(), (between <= radii[0][:, None]).any(0).mean()


def inception(logits, size):
    p = np.exp(logits.astype(np.float64))
    p /= p.sum(1, keepdims=True)
    splits = [p[i : i + size] for i in range(0, len(p), size)]
    return np.mean([np.exp((s * (np.log(s) - np.log(s.mean(0, keepdims=True)))).sum(1).mean()) for s in splits])


def pairs(prefix, x, y):
    between, within = distances(x, y), distances(x, x)
    np.fill_diagonal(within, np.inf)
    precision, recall = precision_and_recall(x, y)
    return {
        prefix + "kid": np.array([kid(x, y)]), prefix + "precision": np.array([precision]), prefix + "recall": np.array([recall]),
        prefix + "nearest": between.argmin(1), prefix + "distance": np.sqrt(between.min(1)),
        prefix + "nearest.self": within.argmin(1),
    }


a, b = relu(60, 17, 0.3), relu(50, 17, 0.4)
few_a, few_b = relu(9, 17, 0.3), relu(12, 17, 0.4)
few_a[:, 0] = 0.3
few_a[:, 1] = 0
out |= {"a": a, "b": b, "few.a": few_a, "few.b": few_b}
for name, x in [*out.items(), ("lattice", lattice(1100, 6, 1))]:
    out |= {name + ".mean": x.astype(np.float64).mean(0), name + ".covariance": covariance(x)}
out["roots"], out["few.roots"] = roots(a, b), singular_roots(few_a, few_b)
out["frechet"] = np.array([frechet(a, b, out["roots"])])
out["few.frechet"] = np.array([frechet(few_a, few_b, out["few.roots"])])
out |= pairs("", a, b)
out |= pairs("lattice.", lattice(1100, 6, 1), lattice(1050, 6, 5))
out["logits"] = (3 * random.standard_normal((17, 11))).astype(np.float32)
out["inception"] = np.array([inception(out["logits"], 7)])
for name in ("precision", "recall", "lattice.precision", "lattice.recall", "kid", "lattice.kid", "frechet", "few.frechet", "inception"):
    print(name, out[name][0])
save_file(out, sys.argv[1])
