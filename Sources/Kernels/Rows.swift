// Kernels on contiguous memory.

/// See `KernelTable.SiLU`.
func siluRow(_ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>) {
  var i = 0
  while i + lanes <= count {
    store(silu(load(x + i)), out + i)
    i += lanes
  }
  store(silu(load(x + i, first: count - i, fill: 0)), out + i, first: count - i)
}

/// See `KernelTable.Add`.
func addRows(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i + lanes <= count {
    store(load(a + i) + load(b + i), out + i)
    i += lanes
  }
  while i < count {
    out[i] = a[i] + b[i]
    i += 1
  }
}

/// See `KernelTable.Softmax`.
func softmaxRow(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
  let whole = count - count % lanes
  let rest = count - whole
  // Lanes past the end hold the lowest float: they never win the maximum, and are left out of the sum below.
  let lowest = -Float.greatestFiniteMagnitude
  var largest = load(row + whole, first: rest, fill: lowest)
  var i = 0
  while i < whole {
    largest = maximum(largest, load(row + i))
    i += lanes
  }
  var greatest = largest[0]
  for lane in 1..<lanes where largest[lane] > greatest { greatest = largest[lane] }

  let shift = broadcast(greatest)
  var sums = broadcast(0)
  i = 0
  while i < whole {
    let e = exponential(load(row + i) - shift)
    store(e, row + i)
    sums += e
    i += lanes
  }
  let last = exponential(load(row + whole, first: rest, fill: greatest) - shift)
  store(last, row + whole, first: rest)
  var sum: Float = 0
  for lane in 0..<lanes { sum += sums[lane] }
  for lane in 0..<rest { sum += last[lane] }

  let inverse = 1 / sum
  i = 0
  while i < whole {
    store(load(row + i) * broadcast(inverse), row + i)
    i += lanes
  }
  while i < count {
    row[i] *= inverse
    i += 1
  }
}
