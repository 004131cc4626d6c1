import Foundation
import Measuring
import TensorCore

// layer CHANNELS SIZE LAYERS THREADS PASSES FOLDER: runs 3×3 convolutions one behind the other on FOLDER/x, [1, C, S,
// S], with the weights FOLDER/w0, [C, C, 3, 3], and biases FOLDER/b0, [C], and so on; writes FOLDER/y and prints the
// median time of a pass in milliseconds. Files hold float32 alone.

let arguments = CommandLine.arguments
let numbers = arguments.dropFirst().prefix(5).compactMap { Int($0) }
guard numbers.count == 5, arguments.count == 7 else {
  print("usage: layer CHANNELS SIZE LAYERS THREADS PASSES FOLDER")
  exit(64)
}
let (channels, size, layers) = (numbers[0], numbers[1], numbers[2])
let folder = URL(fileURLWithPath: arguments[6])

try measure(threads: numbers[3], passes: numbers[4], in: folder) {
  let chain = try (0..<layers).map { i in
    let weight = try read("w\(i)", [channels, channels, 3, 3], in: folder)
    return Convolution(
      weight: weight, bias: try read("b\(i)", [channels], in: folder), stride: [1, 1], outputPixels: size * size)
  }
  let x = try read("x", [1, channels, size, size], in: folder).channelsLast()
  return { chain.reduce(x) { $1($0) } }
}
