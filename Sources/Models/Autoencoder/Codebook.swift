import DiffusionCheckpoints
import TensorCore

/// The vectors that latents are rounded to (van den Oord et al. 2017, "Neural Discrete Representation Learning").
struct Codebook: Sendable {
  /// Vectors of which distances are computed at once.
  private static let lanes = 8
  /// Pixels of which a thread takes as many at a time.
  private static let pixelsAtOnce = 32

  private let count: Int
  private let depth: Int
  /// The vectors, `[count, depth]`, and in groups of `lanes`, `[⌈count / lanes⌉, depth + 1, lanes]`, each followed by
  /// its squared length; the last group is filled up with the last vector.
  private let vectors: Lazy<(rows: Tensor, lanes: Tensor)>

  /// The codebook of `count` vectors of `depth` numbers, `embedding.weight` under `weights`.
  ///
  /// - Throws: `CheckpointError` if the tensor is missing or has another shape.
  init(_ weights: Weights, count: Int, depth: Int) throws(CheckpointError) {
    (self.count, self.depth) = (count, depth)
    let stored = try weights.parameter("embedding.weight", [count, depth], .zeros)
    vectors = Lazy(of: stored) {
      let rows = stored.tensor()
      let groups = (count + Self.lanes - 1) / Self.lanes
      let inLanes = rows.withUnsafePointer { rows in
        Tensor([groups, depth + 1, Self.lanes]) { out in
          for code in 0..<groups * Self.lanes {
            let (group, lane) = code.quotientAndRemainder(dividingBy: Self.lanes)
            let vector = rows + min(code, count - 1) * depth
            for d in 0...depth {
              out[(group * (depth + 1) + d) * Self.lanes + lane] =
                d < depth ? vector[d] : Self.squaredLength(vector, depth)
            }
          }
        }
      }
      return (rows, inLanes)
    }
  }

  /// Replaces each pixel of `z`, `[N, H, W, depth]`, by the vector that is nearest to it, the first of several.
  func nearest(_ z: Tensor) -> Tensor {
    precondition(z.shape.last == depth, "a codebook of \(depth) channels cannot take \(z.shape)")
    let pixels = z.count / depth
    let (rows, groups) = vectors.value
    let shape = z.shape
    return z.withUnsafePointer { z in
      rows.withUnsafePointer { rows in
        groups.withUnsafePointer { groups in
          Tensor(shape) { out in
            ThreadPool.shared.forEach((pixels + Self.pixelsAtOnce - 1) / Self.pixelsAtOnce) { item in
              for pixel in item * Self.pixelsAtOnce..<min((item + 1) * Self.pixelsAtOnce, pixels) {
                let code = nearest(z + pixel * depth, groups)
                (out + pixel * depth).update(from: rows + code * depth, count: depth)
              }
            }
          }
        }
      }
    }
  }

  private static func squaredLength(_ vector: UnsafePointer<Float>, _ depth: Int) -> Float {
    (0..<depth).reduce(0) { $0 + vector[$1] * vector[$1] }
  }

  /// The number of the vector that is nearest to the pixel `z`.
  ///
  /// Distances are computed as diffusers' `VQModel` does by PyTorch's `cdist`, √(−2·z·v + |z|² + |v|²) in single
  /// precision, term by term with one rounding each: which of vectors that are about as near is taken depends on it.
  private func nearest(_ z: UnsafePointer<Float>, _ groups: UnsafePointer<Float>) -> Int {
    var least = SIMD8<Float>(repeating: .infinity)
    var found = SIMD8<Int32>(repeating: 0)
    let (groupCount, length) = ((count + Self.lanes - 1) / Self.lanes, (depth + 1) * Self.lanes)
    let squared = SIMD8(repeating: Self.squaredLength(z, depth))
    for group in 0..<groupCount {
      let vectors = UnsafeRawPointer(groups + group * length)
      func row(_ d: Int) -> SIMD8<Float> {
        vectors.loadUnaligned(fromByteOffset: d * Self.lanes * MemoryLayout<Float>.size, as: SIMD8<Float>.self)
      }
      var sum = SIMD8<Float>(repeating: 0)
      for d in 0..<depth {
        // Products of floats are exact as doubles.
        sum = SIMD8<Float>(SIMD8<Double>(sum) + SIMD8<Double>(row(d)) * Double(-2 * z[d]))
      }
      sum = sum + squared + row(depth)
      let distance = sum.replacing(with: 0, where: sum .< 0).squareRoot()
      let isLess = distance .< least
      least.replace(with: distance, where: isLess)
      found.replace(with: SIMD8(repeating: Int32(truncatingIfNeeded: group)), where: isLess)
    }
    var (best, code) = (Float.infinity, 0)
    for lane in 0..<Self.lanes {
      let candidate = min(Int(found[lane]) * Self.lanes + lane, count - 1)
      guard least[lane] < best || (least[lane] == best && candidate < code) else { continue }
      (best, code) = (least[lane], candidate)
    }
    return code
  }
}
