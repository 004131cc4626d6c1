/// Independent sums: enough to hide the latency of a multiply-add, few enough for any register file.
private let chains = 12

/// See `KernelTable.MultiplyAdds`.
func multiplyAdds(_ iterations: Int, _ numbers: UnsafeMutablePointer<Float>) -> Int {
  let factor = broadcast(numbers[0])
  let addend = broadcast(numbers[1])
  var sums = InlineArray<12, Vector>(repeating: broadcast(0))
  for _ in 0..<iterations {
    for i in 0..<chains { sums[unchecked: i] = multiplyAdd(sums[unchecked: i], factor, addend) }
  }
  // Written to memory, so that the compiler does not eliminate the work.
  var sum = sums[unchecked: 0]
  for i in 1..<chains { sum += sums[unchecked: i] }
  numbers[0] = sum[0]
  return iterations * chains * lanes
}
