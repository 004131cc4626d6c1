/// The peak rate of the pool's threads together, in multiply-adds per second: the current kernels' multiply-adds in
/// registers.
///
/// - Parameter bursts: how often it is measured, for less than a millisecond each; the highest counts, as other work
///   may interrupt a burst.
public func peakMultiplyAddsPerSecond(bursts: Int) -> Double {
  let table = KernelChoice.current
  let threads = ThreadPool.shared.threads
  let iterations = 200_000
  var best = 0.0
  for _ in 0..<bursts {
    var numbers = Tensor(zeros: [threads, 1024])
    numbers.withUnsafeMutablePointer { numbers in
      let begin = ContinuousClock.now
      ThreadPool.shared.forEach(threads) { thread in
        numbers[thread * 1024] = 0.5
        numbers[thread * 1024 + 1] = 1
        numbers[thread * 1024 + 2] = Float(table.multiplyAdds(iterations, numbers + thread * 1024))
      }
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      let done = (0..<threads).reduce(0.0) { $0 + Double(numbers[$1 * 1024 + 2]) }
      best = max(best, done / seconds)
    }
  }
  return best
}
