import TensorCore

/// The pairing of two sets of `cost.count` things with the least sum of costs, found by shortest augmenting paths
/// (Jonker & Volgenant 1987) in O(n³).
///
/// - Parameter cost: `cost[i][j]` is that of pairing the first set's i with the second's j; `[n][n]`, finite.
/// - Returns: the second set's index for each i, `[n]`, each index once.
func leastCostAssignment(_ cost: [[Double]]) -> [Int] {
  let count = cost.count
  // Potentials of rows and columns; index `count` stands for the row that enters, and is the column it enters by.
  var rowPotential = [Double](repeating: 0, count: count)
  var columnPotential = [Double](repeating: 0, count: count + 1)
  var rowOfColumn = [Int](repeating: -1, count: count + 1)
  for entering in 0..<count {
    rowOfColumn[count] = entering
    var least = [Double](repeating: .infinity, count: count)
    var previous = [Int](repeating: count, count: count)
    var isDone = [Bool](repeating: false, count: count + 1)
    var column = count
    while rowOfColumn[column] >= 0 {
      isDone[column] = true
      let row = rowOfColumn[column]
      var (step, next) = (Double.infinity, 0)
      for j in 0..<count where !isDone[j] {
        let reduced = cost[row][j] - rowPotential[row] - columnPotential[j]
        if reduced < least[j] { (least[j], previous[j]) = (reduced, column) }
        if least[j] < step { (step, next) = (least[j], j) }
      }
      for j in 0...count {
        if isDone[j] {
          rowPotential[rowOfColumn[j]] += step
          columnPotential[j] -= step
        } else {
          least[j] -= step
        }
      }
      column = next
    }
    while column != count {
      rowOfColumn[column] = rowOfColumn[previous[column]]
      column = previous[column]
    }
    rowOfColumn[count] = -1
  }
  var assignment = [Int](repeating: 0, count: count)
  for j in 0..<count { assignment[rowOfColumn[j]] = j }
  return assignment
}

extension TrainingBatch {
  /// The same images, each with that noise of the batch which makes the paths from noise to images shortest: the
  /// optimal transport plan for squared distances (Tong et al. 2024, "Improving and Generalizing Flow-Based Generative
  /// Models with Minibatch Optimal Transport", §3.3). Each noise is used once, as by torchcfm's `sample_plan` without
  /// replacement. Takes O(N²·C·H·W + N³).
  public func withTransportedNoise() -> TrainingBatch {
    let count = xStart.shape[0]
    let size = xStart.count / max(1, count)
    // Of |x₀ - ε|², what is the same for all pairs of an image, or of a noise, does not matter: -x₀·ε is left.
    let cost = xStart.withUnsafePointer { images in
      noise.withUnsafePointer { noise in
        (0..<count).map { n in
          (0..<count).map { m in
            var sum = 0.0
            for i in 0..<size { sum -= Double(images[n * size + i]) * Double(noise[m * size + i]) }
            return sum
          }
        }
      }
    }
    var batch = self
    batch.noise = noise.gatheringRows(leastCostAssignment(cost))
    return batch
  }

  /// The examples `range` of the batch.
  func examples(_ range: Range<Int>) -> TrainingBatch {
    var part = self
    part.xStart = xStart.rows(range)
    part.labels = labels.map { Array($0[range]) }
    part.steps = Array(steps[range])
    part.uniforms = uniforms.isEmpty ? [] : Array(uniforms[range])
    part.weights = Array(weights[range])
    part.noise = noise.rows(range)
    return part
  }
}
