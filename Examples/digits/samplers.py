"""Compares samplers: tables of samplers and numbers of steps, and a picture.

usage: samplers.py --classifier FILE --train mnist-train.npz --test mnist-test.npz --picture FILE.png DRAWN.npz...

DRAWN.npz are what samplers.sh drew, called "NAME, N steps, COUNT.npz". The first table has the Fréchet distance of each to MNIST's
training images, in the features of evaluate.py; it is biased by the number of images, so that the last row says what as many real digits get,
of the training set and equally many of each class. The second has the percentage in which the classifier sees the digit that was asked for. The
picture has a row for each sampler, and in it the first ten digits of each number of steps.
"""

import argparse
import os
import re

import numpy as np
from PIL import Image

import classifier
from evaluate import Statistics, distance, in_equal_numbers, read_samples


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--picture", required=True)
    parser.add_argument("drawn", nargs="+")
    arguments = parser.parse_args()
    judge = classifier.load(arguments.classifier)
    images, labels = classifier.read(arguments.train)
    features, classes = classifier.look(judge, images)
    train = Statistics(features)

    found, firsts, count = {}, {}, 0
    for path in arguments.drawn:
        name, steps = re.match(r"(.*), (\d+) steps, \d+\.npz", os.path.basename(path)).groups()
        pixels, asked = read_samples(path)
        seen, said = classifier.look(judge, pixels)
        count = len(pixels)
        found[name, int(steps)] = distance(Statistics(seen), train), 100 * np.mean(said == asked)
        firsts[name, int(steps)] = pixels[:10, :, :, 0]
    names = list(dict.fromkeys(name for name, _ in found))
    baseline = max(steps for _, steps in found)
    columns = sorted({steps for _, steps in found if steps != baseline})
    chosen = in_equal_numbers(labels, count)
    real = distance(Statistics(features[chosen]), train), 100 * np.mean(classes[chosen] == labels[chosen])

    for index, (title, digits) in enumerate([("distance to the training images", 1), ("digits as asked for, %", 1)]):
        print(f"| {title} | {' | '.join(f'{steps} steps' for steps in columns)} |")
        print("|---|" + "---|" * len(columns))
        for name in names:
            cells = [f"{found[name, steps][index]:.{digits}f}" if (name, steps) in found else "" for steps in columns]
            print(f"| {name} | {' | '.join(cells)} |")
        print(f"\nDDPM in {baseline} steps: {found['ddpm', baseline][index]:.{digits}f}; {count} real digits: {real[index]:.{digits}f}.\n")

    rows = [np.concatenate([image for steps in columns if (name, steps) in firsts for image in firsts[name, steps]], axis=1) for name in names]
    Image.fromarray(np.concatenate(rows, axis=0)).save(arguments.picture)


if __name__ == "__main__":
    main()
