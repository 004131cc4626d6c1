import Foundation
import TensorCore

/// The tensor in a file that holds float32 alone.
public func read(_ name: String, _ shape: [Int], in folder: URL) throws -> Tensor {
  let data = try Data(contentsOf: folder.appendingPathComponent(name))
  return Tensor(shape, data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
}

/// Runs `pass` twice, and then `passes` times, with as many threads and the kernels that `SAMPLE_KERNELS` in the
/// environment names; writes the last result to the file `y` and prints the median time in milliseconds.
public func measure(threads: Int, passes: Int, in folder: URL, _ makePass: () throws -> () -> Tensor) throws {
  let name = ProcessInfo.processInfo.environment["SAMPLE_KERNELS"]
  guard let kernels = name.map({ KernelChoice.table(named: $0) }) ?? KernelChoice.current else {
    print("SAMPLE_KERNELS=\(name ?? ""): not on this CPU")
    exit(1)
  }
  ThreadPool.shared.threads = threads
  try KernelChoice.$current.withValue(kernels) {
    let pass = try makePass()
    var y = pass()
    y = pass()
    var times: [Duration] = []
    for _ in 0..<passes { times.append(ContinuousClock().measure { y = pass() }) }
    times.sort()
    let values = y.shape.count == 4 ? y.channelsFirst().values : y.values
    try values.withUnsafeBytes { try Data($0).write(to: folder.appendingPathComponent("y")) }
    print(times[passes / 2] / .milliseconds(1))
  }
}
