"""Says how good drawn digits are: how many are the digit that was asked for, and how far they are from MNIST's.

usage: evaluate.py --classifier FILE --train mnist-train.npz --test mnist-test.npz SAMPLES.npz...

SAMPLES.npz is what `sample` writes: arr_0, uint8 [N, 28, 28, 1], and arr_1, the classes that were asked for. FILE is what
classifier.py saved. Prints a table in Markdown:

right      of how many images the classifier says the class that was asked for
to test    the Fréchet distance to MNIST's test set: |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½) of the means and covariances of the
           64 features before the classifier's last layer; this is the measure
to train   the same to the training set; the classifier has seen that one and is surer of it, so that clear digits are close

The first two rows are what real digits get: the test set, and training images, as many as there are test images, but equally many
of each class, as digits are drawn in turn. Among the 10,000 test images are 892 to 1135 of a class, which alone is worth 0.5 to 1
of that row's distance. It is what a perfect sampler of the training set would get: 3.2, with a standard deviation of 0.13 from
one lot of images to the next, so that models less than 0.3 apart are not told apart.
"""

import argparse
import os

import numpy as np

import classifier


class Statistics:
    """Mean and covariance of features, [N, D] in float64.

    The distance is biased: it is the larger, the fewer the images are, though both sets be drawn from the same source. Only
    distances of equal numbers compare: 10,000 drawn digits, as many as there are test images. A distance of 500 digits, say, does
    not compare with one of 10,000.
    """

    def __init__(self, features):
        assert features.dtype == np.float64 and len(features) > features.shape[1]
        self.mean = features.mean(axis=0)
        self.covariance = np.cov(features, rowvar=False)


def root(matrix):
    """The square root of a symmetric matrix without negative eigenvalues, but for those that rounding has made."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def distance(a, b):
    """Fréchet's. C1 C2 is not symmetric, but has the eigenvalues of C1^½ C2 C1^½, which is."""
    half = root(a.covariance)
    product = half @ b.covariance @ half
    mixed = np.sqrt(np.maximum(np.linalg.eigvalsh((product + product.T) / 2), 0)).sum()
    return np.sum((a.mean - b.mean) ** 2) + np.trace(a.covariance) + np.trace(b.covariance) - 2 * mixed


def read_samples(path):
    with np.load(path) as file:
        assert "arr_1" in file, f"{path} has no classes"
        images, labels = file["arr_0"], file["arr_1"]
    assert labels.dtype == np.int64 and labels.shape == images.shape[:1], f"{path}: classes {labels.dtype} {labels.shape}"
    return images, labels


def in_equal_numbers(labels, count):
    """Which are `count` images, equally many of each class. By lot: the set may be ordered, and is by writers."""
    order = np.random.default_rng(0).permutation(len(labels))
    return np.concatenate([order[labels[order] == c][: count // 10] for c in range(10)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("samples", nargs="*")
    arguments = parser.parse_args()
    judge = classifier.load(arguments.classifier)
    # Read before anything is computed, so that a wrong file is told at once.
    drawn = [(os.path.splitext(os.path.basename(path))[0], *read_samples(path)) for path in arguments.samples]

    test_images, test_labels = classifier.read(arguments.test)
    test_features, test_classes = classifier.look(judge, test_images)
    train_images, train_labels = classifier.read(arguments.train)
    train_features, train_classes = classifier.look(judge, train_images)
    test, train = Statistics(test_features), Statistics(train_features)

    def row(name, features, classes, labels, *references):
        right = 100 * np.mean(classes == labels)
        distances = [f"{distance(Statistics(features), reference):.2f}" if reference else "–" for reference in references]
        print(f"| {name} | {len(features)} | {right:.2f} % | {' | '.join(distances)} |", flush=True)

    print("| digits | images | right | to test | to train |")
    print("|---|---|---|---|---|")
    row("MNIST, test set", test_features, test_classes, test_labels, None, train)
    chosen = in_equal_numbers(train_labels, len(test_features))
    # Not to the training set, of which they are a part.
    row("MNIST, of the training set", train_features[chosen], train_classes[chosen], train_labels[chosen], test, None)
    for name, images, labels in drawn:
        row(name, *classifier.look(judge, images), labels, test, train)


if __name__ == "__main__":
    main()
