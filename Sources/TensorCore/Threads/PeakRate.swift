/// The peak rate of the pool's threads together, in multiply-adds per second: the current kernels' multiply-adds in
/// registers, measured for about a tenth of a second.
public func peakMultiplyAddsPerSecond() -> Double {
  let table = KernelChoice.current
  let threads = ThreadPool.shared.threads
  let iterations = 200_000
  var best = 0.0
  let start = ContinuousClock.now
  repeat {
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
  } while ContinuousClock.now - start < .milliseconds(100)
  return best
}
