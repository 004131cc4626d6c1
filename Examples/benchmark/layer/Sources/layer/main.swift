import Foundation
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
let (channels, size, layers, threads, passes) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
let folder = URL(fileURLWithPath: arguments[6])

func read(_ name: String, _ shape: [Int]) throws -> Tensor {
  let data = try Data(contentsOf: folder.appendingPathComponent(name))
  return Tensor(shape, data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
}

let name = ProcessInfo.processInfo.environment["SAMPLE_KERNELS"]
guard let kernels = name.map({ KernelChoice.table(named: $0) }) ?? KernelChoice.current else {
  print("SAMPLE_KERNELS=\(name ?? ""): not on this CPU")
  exit(1)
}
ThreadPool.shared.threads = threads
try KernelChoice.$current.withValue(kernels) {
  let chain = try (0..<layers).map { i in
    Convolution(
      weight: try read("w\(i)", [channels, channels, 3, 3]), bias: try read("b\(i)", [channels]), stride: [1, 1],
      outputPixels: size * size)
  }
  let x = try read("x", [1, channels, size, size]).channelsLast()
  func pass() -> Tensor { chain.reduce(x) { $1($0) } }

  var y = pass()
  y = pass()
  var times: [Duration] = []
  for _ in 0..<passes { times.append(ContinuousClock().measure { y = pass() }) }
  times.sort()
  try y.channelsFirst().values.withUnsafeBytes { try Data($0).write(to: folder.appendingPathComponent("y")) }
  print(times[passes / 2] / .milliseconds(1))
}
